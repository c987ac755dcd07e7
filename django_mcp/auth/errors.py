"""Error responses of OAuth (RFC 6749, RFC 7591)."""

from django.http import JsonResponse


def too_many(description: str, wait: int) -> JsonResponse:
    """Return the error response for a reached rate limit; `wait` is in seconds."""
    answer = error_response("temporarily_unavailable", description, status=429)
    answer["Retry-After"] = str(wait)
    return answer


def error_response(error: str, description: str = "", *, status: int = 400) -> JsonResponse:
    """Return an error as JSON (RFC 6749, section 5.2), without caching."""
    body = {"error": error, **({"error_description": description} if description else {})}
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
