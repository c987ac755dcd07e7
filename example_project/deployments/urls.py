from django.urls import path

from example_project.deployments import views

app_name = "deployments"

urlpatterns = [
    path("", views.service_list, name="list"),
    path("<slug:service>/", views.release_list, name="releases"),
    path("<slug:service>/roll-back/", views.roll_back, name="roll_back"),
]
