from django.contrib.auth.models import User
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class UsersView(APIView):
    authentication_classes = [OAuth2Authentication]
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({"users": User.objects.count()})
