"""Kinds of refusal as HTTP: one body for every error, RFC 9457 and document 5's envelope at once."""

import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import structlog
from litestar.exceptions import HTTPException

from tranche.kernel import errors
from tranche.kernel.errors import FieldError, TrancheError
from tranche.kernel.faults import describe
from tranche.kernel.web.faults import from_litestar, sentence
from tranche.kernel.web.heads import list_methods
from tranche.kernel.web.json import JsonResponse, Out
from tranche.kernel.web.requests import AnyRequest, request_id

PROBLEM_JSON: Final = "application/problem+json"

STATUS: Final[Mapping[type[TrancheError], HTTPStatus]] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Gone: HTTPStatus.GONE,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Unsupported: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Unprocessable: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_RETRY_AFTER: Final = {HTTPStatus.SERVICE_UNAVAILABLE: 5, HTTPStatus.TOO_MANY_REQUESTS: 1}
_PLAIN_DETAILS: Final = {
    "Invalid multipart/form-data": "The form is not valid multipart/form-data.",
    "Unexpected eof in multipart/form-data": "The form ends in the middle of a part.",
    "Request Entity Too Large": "The form has too many parts.",
    "Invalid host header": "The Host header is not valid.",
}

_log = structlog.get_logger(__name__)


class Fault(Out, frozen=True):
    """One field's fault: `pointer` is a JSON pointer, or the name of a parameter or header."""

    pointer: str
    detail: str
    code: str


class Metadata(Out, frozen=True):
    """What document 5 puts beside every answer."""

    request_id: str
    timestamp: datetime


class Problem(Out, frozen=True):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault]
    message: str
    metadata: Metadata
    success: bool = False


def refuse(request: AnyRequest, error: TrancheError) -> JsonResponse[Problem]:
    """Answer one of our own refusals."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
    if status is None:
        return fail(request, error)
    return _answer(
        request,
        status=status,
        code=error.error_code,
        message=error.message,
        faults=error.errors,
        headers=_headers(status, error.retry_after),
    )


def refuse_http(request: AnyRequest, error: HTTPException) -> JsonResponse[Problem]:
    """Answer a refusal of the framework in our own words."""
    status = HTTPStatus(error.status_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return fail(request, error)
    faults = from_litestar(error.detail, error.extra) if status == HTTPStatus.BAD_REQUEST else []
    code, message = _words(request, status, error, faults)
    headers = {**(error.headers or {}), **_headers(status, None)}
    if "allow" in headers:
        headers["allow"] = list_methods(headers["allow"].split(", "))
    return _answer(request, status=status, code=code, message=message, faults=faults, headers=headers)


def fail(request: AnyRequest, error: Exception) -> JsonResponse[Problem]:
    """Answer a fault of ours: nothing of its inside leaves the house, and the log has no data of the request."""
    if isinstance(error, UnicodeError | LookupError) and _is_from_form(error):
        return refuse(request, errors.Invalid("A part of the form is not valid text.", code="malformed"))
    _log.error("request failed", request_id=request_id(request.scope), **describe(error))
    message = "Something went wrong on our side. Try again; if it stays, report the request id."
    return _answer(request, status=HTTPStatus.INTERNAL_SERVER_ERROR, code="internal", message=message)


def _is_from_form(error: Exception) -> bool:
    """The framework decodes a part's text by the charset that the part names, and lets that fail."""
    return any(frame.name == "parse_multipart_form" for frame in traceback.extract_tb(error.__traceback__))


def _words(
    request: AnyRequest, status: HTTPStatus, error: HTTPException, faults: Sequence[FieldError]
) -> tuple[str, str]:
    if faults:
        return "invalid", " ".join(sentence(fault) for fault in faults)
    if status == HTTPStatus.NOT_FOUND:
        return "not_found", "There is nothing at this address."
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = list_methods((error.headers or {}).get("allow", "").split(", "))
        return "method_not_allowed", f"This address does not take {request.method}; it takes {allowed}."
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        most = request.route_handler.resolve_request_max_body_size()
        return "too_large", f"The body is larger than {most:,} bytes."
    return status.phrase.lower().replace(" ", "_"), _PLAIN_DETAILS.get(error.detail, "The request cannot be read.")


def _headers(status: HTTPStatus, retry_after: int | None) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="tranche"'}
    seconds = retry_after if retry_after is not None else _RETRY_AFTER.get(status)
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _answer(
    request: AnyRequest,
    *,
    status: HTTPStatus,
    code: str,
    message: str,
    faults: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> JsonResponse[Problem]:
    problem = Problem(
        type=f"urn:tranche:problem:{code}",
        title=status.phrase,
        status=status,
        detail=message,
        code=code,
        errors=[Fault(pointer=fault.pointer, detail=fault.detail, code=fault.code) for fault in faults],
        message=message,
        metadata=Metadata(request_id=request_id(request.scope), timestamp=datetime.now(UTC)),
    )
    return JsonResponse(problem, status_code=int(status), media_type=PROBLEM_JSON, headers=dict(headers or {}))
