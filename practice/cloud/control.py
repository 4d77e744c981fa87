"""The only door to moto, which keeps the control plane: networks, roles, instances, volumes, addresses, tags."""

import functools
import io
import os
import threading
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

import botocore.parsers
import botocore.serialize
from werkzeug.test import run_wsgi_app

from practice.cloud.records import ACCOUNT
from practice.cloud.wire import Answer, Refusal, Request, model
from workflows.aws.times import moment

#: Some are read by moto when it is imported, some at every call.
_SWITCHES = {
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_ACCOUNT_ID": ACCOUNT,
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
}

#: What the lab's own requests are about: a service as signatures name it → as moto does.
_SERVICES = {name: name for name in ("ec2", "iam", "kms", "ssm", "sts", "autoscaling", "s3")} | {
    "elasticloadbalancing": "elbv2"
}

#: botocore's, for moto's answers.
_PARSERS = botocore.parsers.ResponseParserFactory()
_PARSERS.set_parser_defaults(timestamp_parser=moment)


@functools.cache
def _moto() -> Any:
    """moto's server, ready for applications. One a process, as moto's memory is."""
    os.environ.update(_SWITCHES)
    settings: Any = import_module("moto.settings")
    responses: Any = import_module("moto.core.responses")
    if not (settings.DISABLE_GLOBAL_CORS and settings.EC2_ENABLE_INSTANCE_TYPE_VALIDATION):
        raise RuntimeError("moto was imported before the lab was started, without the lab's switches")
    # moto lists a class's methods anew for every request; EC2's has 700, and the list never changes
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    # nor is anything signed with a new account's key for volumes, which costs more time than all else of a start
    keys: Any = import_module("moto.kms.models")
    keys.generate_private_key = functools.cache(keys.generate_private_key)
    # for the tags of one thing moto looks through those of all, and it asks for each thing that it tells of
    import_module("moto.ec2.models.core").TaggedEC2Resource.get_tags = _tags_of
    return import_module("moto.server")


def _tags_of(resource: Any) -> list[dict[str, str]]:
    kept = resource.ec2_backend.tags.get(resource.id) or {}
    return [{"resource_id": resource.id, "key": key, "value": value} for key, value in kept.copy().items()]


@functools.cache
def _application(service: str) -> Any:
    """moto's application for one service. For the lab's own it is named here: moto's dispatcher would look for it in
    every request, and read a directory of a hundred folders twice for that."""
    moto = _moto()
    if service in _SERVICES:
        return moto.create_backend_app(_SERVICES[service])
    return moto.DomainDispatcherApplication(moto.create_backend_app)


class Control:
    """moto, asked in boto3's words. Its memory is the process's, so there is one lab a process at a time."""

    _taken = threading.Lock()

    def __init__(self) -> None:
        if not self._taken.acquire(blocking=False):
            raise RuntimeError("there is a running lab in this process already")
        _moto()
        self._backend = import_module("moto.backends").get_backend
        import_module("moto.core.base_backend").BackendDict.reset()

    def close(self) -> None:
        """Make room for another lab. Called once."""
        self._taken.release()

    def ec2(self, region: str) -> Any:
        """moto's own objects, for what no call can set."""
        return self._backend("ec2")[ACCOUNT][region]

    def has(self, region: str) -> bool:
        """Whether there is such a Region."""
        return region in self._backend("ec2")[ACCOUNT]

    def ask(self, service: str, action: str, region: str, **params: Any) -> dict[str, Any]:
        """One call to moto, past the lab. Raises Refusal with moto's code."""
        operation = model(service).operation_model(action)
        protocol = operation.service_model.metadata["protocol"]
        wire = botocore.serialize.create_serializer(protocol).serialize_to_request(params, operation)
        body = wire["body"] if isinstance(wire["body"], bytes) else urlencode(wire["body"]).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_AUTHORIZATION": _authorization(service, region),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "wsgi.url_scheme": "http",
        }
        for name, value in wire["headers"].items():
            environ[("" if name == "Content-Type" else "HTTP_") + name.upper().replace("-", "_")] = value
        answer = self._run(service, environ, body, action)
        parsed: dict[str, Any] = _PARSERS.create_parser(protocol).parse(
            {"status_code": answer.status, "headers": {}, "body": answer.body}, operation.output_shape
        )
        if answer.status >= 300:
            raise Refusal(parsed["Error"]["Code"], parsed["Error"]["Message"], answer.status)
        parsed.pop("ResponseMetadata", None)
        return parsed

    def passed(self, request: Request) -> Answer:
        """A request that the lab leaves to moto as it came."""
        return self._run(request.service, dict(request.environ), request.body, request.action)

    def _run(self, service: str, environ: dict[str, Any], body: bytes, action: str) -> Answer:
        """Raises Refusal where moto has no such call."""
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), "wsgi.errors": io.StringIO()}
        try:
            parts, status, headers = run_wsgi_app(_application(service), environ)
        except NotImplementedError as error:
            raise Refusal("InvalidAction", f"The lab cloud cannot do {action} in this way.") from error
        return Answer(int(status.split()[0]), headers.get("Content-Type", ""), b"".join(parts))


def _authorization(service: str, region: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential=LAB/20200101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
