"""Every call to AWS goes through here: pages joined, errors translated.

botocore's own retries are off. The engine tries again itself, between commits, so that the card can say why it waits;
and a call without a ClientToken must never be repeated behind our back after its answer was lost.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
)

from workflows.aws.limits import UNLIMITED, Limits, looks, verb
from workflows.errors import (
    AtLimit,
    AwsRefused,
    NameTaken,
    NoCapacity,
    NotFound,
    NotPermitted,
    PassingTrouble,
    Protected,
    RunFailed,
    Throttled,
    Unreachable,
)
from workflows.words import cut, safe

if TYPE_CHECKING:
    from workflows.aws.clients import Clients

log = logging.getLogger(__name__)

_THROTTLED = {"RequestLimitExceeded", "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequests",
              "TooManyRequestsException", "RequestThrottled", "EC2ThrottledException", "SlowDown",
              "RateExceeded"}  # fmt: skip
_SNAPSHOTS = {"PendingSnapshotLimitExceeded", "ConcurrentSnapshotLimitExceeded",
              "SnapshotCreationPerVolumeRateExceeded"}  # fmt: skip
_CAPACITY = {"InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientReservedInstanceCapacity",
             "InsufficientCapacityOnHost", "ReservationCapacityExceeded",
             "InsufficientFreeAddressesInSubnet"}  # fmt: skip
_FORBIDDEN = {"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "403"}
_CREDENTIALS = {"AuthFailure", "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
                "UnrecognizedClientException", "SignatureDoesNotMatch", "IncompleteSignature"}  # fmt: skip


#: Hears of every call that changes something: its name, AWS's id of the request, and `ok` or AWS's code. The id is
#: empty when no answer came: then whether it was carried out is not known.
Heard = Callable[[str, str, str], None]
#: Asked directly before a call leaves whether the run is still this worker's, and in time. What it raises keeps the
#: call from leaving.
Hold = Callable[[], object]
#: Hears of every call: its name, what came of it (a word of `OUTCOMES`, `ok`, or `not asked`), and seconds. Must not
#: raise.
Observed = Callable[[str, str, float], None]
#: Ours, not AWS's: so they are few.
OUTCOMES = {
    Throttled: "throttled", AtLimit: "at a limit", Unreachable: "no answer", NoCapacity: "no capacity",
    NotPermitted: "not permitted", NotFound: "not found",
}  # fmt: skip
NOT_ASKED = "not asked"
#: Looks that are always sent: whoever lets go of a frozen server looks first whether it was told so, and tries once.
AT_ONCE = ("list_command_invocations",)
#: How an answer names the next page, and how it is asked for; the second is Elastic Load Balancing's way.
_NEXT = {"NextToken": "NextToken", "NextMarker": "Marker"}
#: What a rehearsal by DryRun is answered when the call itself would be carried out.
REHEARSED = "DryRunOperation"


class Calls:
    """Those of one account and Region. Safe to share between threads. `clients` are its own unless given."""

    def __init__(
        self,
        region: str,
        endpoint: str | None = None,
        heard: Heard | None = None,
        clients: "Clients | None" = None,
        observed: Observed | None = None,
        limits: Limits = UNLIMITED,
    ) -> None:
        self.region = region
        self.limits = limits
        self._observed = observed or (lambda *_: None)
        self._heard = heard or (lambda *_: None)
        self._endpoint = endpoint
        self._clients = clients

    def __call__(
        self, service: str, action: str, *, hold: Hold = lambda: None, **params: Any
    ) -> dict[str, Any]:  # fmt: skip
        """One call, when there is a token for it. `hold` is called last, since a token may have to be waited for, and
        new credentials too. Raises HeldBack, what `hold` raises, and what `translated` gives; Unreachable at once for a
        look where nothing answers and another one tries already."""
        if not looks(action) or action in AT_ONCE:
            return self._called(service, action, params, hold)
        with self.clients.silence.asking((self.region, action)) as may:
            if may:
                return self._called(service, action, params, hold)
        self._observed(verb(action), NOT_ASKED, 0.0)
        raise Unreachable(f"AWS gives no answer to {verb(action)} in {self.region} at the moment.")

    def _called(self, service: str, action: str, params: dict[str, Any], hold: Hold) -> dict[str, Any]:
        self.limits.before(service, action, rehearsal=bool(params.get("DryRun")))
        begun = time.monotonic()
        try:
            with self.clients.last(hold):
                answer: dict[str, Any] = getattr(self._client(service), action)(**params)
        except (ClientError, BotoCoreError, HTTPClientError, _unreadable()) as error:
            self._tell(action, params, getattr(error, "response", None) or {}, error)  # botocore sets None too
            known = translated(action, error)
            if isinstance(known, Throttled):
                self.limits.after_throttle(service, action)
            self._observed(verb(action), outcome_of(known), time.monotonic() - begun)
            log.debug("aws=%s.%s region=%s refused: %s", service, action, self.region, known.text)
            raise known from error
        log.debug("aws=%s.%s request=%s", service, action, answer.get("ResponseMetadata", {}).get("RequestId"))
        self._observed(verb(action), "ok", time.monotonic() - begun)
        self._tell(action, params, answer)
        return answer

    def _tell(
        self, action: str, params: dict[str, Any], answer: dict[str, Any], error: Exception | None = None
    ) -> None:
        """Looks and rehearsals change nothing."""
        if looks(action) or params.get("DryRun"):
            return
        request = str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
        code = answer.get("Error", {}).get("Code") or type(error).__name__ if error else "ok"
        self._heard(verb(action), request, str(code))

    def allowed(self, service: str, action: str, **params: Any) -> None:
        """Whether AWS would carry the call out, by DryRun: it checks permissions and much of the parameters, not
        capacity. Raises what the call itself would raise."""
        try:
            self(service, action, DryRun=True, **params)
        except AwsRefused as refused:
            if refused.code != REHEARSED:
                raise

    def pages(self, service: str, action: str, key: str, **params: Any) -> Iterator[dict[str, Any]]:
        """The entries under `key` of every page."""
        token: dict[str, Any] = {}
        while True:
            answer = self(service, action, **params, **token)
            yield from answer.get(key, [])
            token = {asked: answer[said] for said, asked in _NEXT.items() if answer.get(said)}
            if not token:
                return

    def shape(self, service: str, name: str) -> Any:
        """botocore's model of an input shape."""
        return self._client(service).meta.service_model.shape_for(name)

    @property
    def clients(self) -> "Clients":
        """Made when they are first asked for."""
        if self._clients is None:
            from workflows.aws.clients import Clients  # noqa: PLC0415 - only who talks to AWS needs to load boto3

            self._clients = Clients(self._endpoint)
        return self._clients

    def _client(self, service: str) -> Any:
        return self.clients.of(service, self.region)


def _unreadable() -> type[Exception]:
    """What botocore raises for an answer that is none of AWS's."""
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above; here it is loaded already

    return ResponseParserError  # type: ignore[no-any-return]


def translated(action: str, error: Exception) -> PassingTrouble | RunFailed:
    """AWS's error as one of ours. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
    named = verb(action)
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        body = error.response.get("Error", {})
        return _answered(named, safe(str(body.get("Code", ""))), safe(str(body.get("Message", ""))), int(status))
    if isinstance(error, NoCredentialsError):
        hint = "Give the worker an instance profile, or AWS_PROFILE, or AWS_ACCESS_KEY_ID. The bot needs none."
        return RunFailed("The worker has no AWS credentials.", hint)
    if isinstance(error, ParamValidationError):
        return RunFailed(f"{named} was asked for in a way that AWS's own model refuses.", safe(cut(str(error), 300)))
    return Unreachable(f"AWS gave no answer to {named} ({type(error).__name__}).")


def outcome_of(error: Exception) -> str:
    """What came of a call, for those who count."""
    if isinstance(error, AwsRefused) and error.code == REHEARSED:
        return "ok"
    return next((word for kind, word in OUTCOMES.items() if isinstance(error, kind)), "refused")


def _answered(verb: str, code: str, message: str, status: int) -> PassingTrouble | RunFailed:
    if code in _THROTTLED:
        return Throttled(f"AWS asks for fewer calls of {verb}.")
    if code in _SNAPSHOTS:
        return AtLimit(f"AWS takes no more snapshots at the moment: {message}")
    if code in _CAPACITY:
        return NoCapacity(code, message)
    if code in _CREDENTIALS:
        return AwsRefused(verb, code, message, "The worker's AWS credentials are not valid (any more): renew them.")
    if code in _FORBIDDEN:
        return NotPermitted(verb, code, message, f"The worker's role needs the permission for {verb}.")
    if status == 503:
        return Throttled(f"AWS is overloaded: it answered {verb} with 503 {code}.")
    if status >= 500:
        return Unreachable(f"AWS answered {verb} with {status} {code}.")
    return _refusal(verb, code, message)


def _refusal(verb: str, code: str, message: str) -> AwsRefused:
    if code == "InvalidAMIName.Duplicate":
        return NameTaken(verb, code, message)
    if code == "OperationNotPermitted":
        return Protected(verb, code, message, "Termination protection may be on: turn it off, then `/dr retry`.")
    if "NotFound" in code or code in {"InvalidAMIID.Unavailable", "InvocationDoesNotExist"}:
        return NotFound(verb, code, message)
    return AwsRefused(verb, code, message, "AWS's own words say why; mend that, then `/dr retry`.")
