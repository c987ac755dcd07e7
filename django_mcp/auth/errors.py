"""Error responses of OAuth (RFC 6749, RFC 7591)."""

from django.http import JsonResponse


def too_many(description: str, wait: int) -> JsonResponse:
    """The error for one request too many; `wait` is in seconds."""
    answer = error_answer("temporarily_unavailable", description, status=429)
    answer["Retry-After"] = str(wait)
    return answer


def error_answer(error: str, description: str = "", *, status: int = 400) -> JsonResponse:
    """The JSON of an error (RFC 6749, section 5.2), which no cache may keep."""
    body = {"error": error, **({"error_description": description} if description else {})}
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
