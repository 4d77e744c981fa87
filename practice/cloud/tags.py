"""CreateTags and DeleteTags on everything, moto's things and the lab's."""

from typing import Any

from practice.cloud.images import Images
from practice.cloud.instances import Instances
from practice.cloud.parts import Parts
from practice.cloud.templates import Templates
from practice.cloud.wire import Refusal, Request

_OURS = {
    "ami-": ("InvalidAMIID.NotFound", "image"),
    "snap-": ("InvalidSnapshot.NotFound", "snapshot"),
    "lt-": ("InvalidLaunchTemplateId.NotFound", "launch template"),
}


class Tags:
    """The tags of every Region. moto keeps them by id, whatever the id is of."""

    def __init__(self, parts: Parts, instances: Instances, images: Images, templates: Templates) -> None:
        self._parts = parts
        self._instances = instances
        self._images = images
        self._templates = templates

    def create(self, request: Request) -> dict[str, Any]:
        tags = {each["Key"]: each.get("Value", "") for each in request.params.get("Tags", [])}
        for key, value in tags.items():
            if key.startswith("aws:"):
                raise Refusal("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
            if len(key) > 127 or len(value) > 255:
                raise Refusal("InvalidParameterValue", f"Tag {key} is too long: 127 characters, its value 255.")
        resources = self._known(request)
        kept = self._parts.control.ec2(request.region).tags
        for each in resources:
            if len({key for key in {**kept.get(each, {}), **tags} if not key.startswith("aws:")}) > 50:
                raise Refusal("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
        request.stop_if_dry()
        self._parts.tag(request.region, resources, tags)
        self._tell(request, resources)
        return {}

    def delete(self, request: Request) -> dict[str, Any]:
        """A tag that is named with another value stays; without named tags all go but AWS's own."""
        resources = self._known(request)
        request.stop_if_dry()
        asked = {each["Key"]: each.get("Value") for each in request.params.get("Tags", [])}
        for each in resources:
            kept = self._parts.control.ec2(request.region).tags[each]
            for key, value in list(kept.items()):
                named = asked.get(key, "") if asked else None
                if not key.startswith("aws:") and (key in asked or not asked) and named in {None, value}:
                    del kept[key]
        self._tell(request, resources)
        return {}

    def _tell(self, request: Request, resources: list[str]) -> None:
        for each in resources:
            self._parts.books.effect(request.action, each, request.id)

    def _known(self, request: Request) -> list[str]:
        resources = list(dict.fromkeys(request.params.get("Resources", [])))
        for each in resources:
            if each.startswith("i-"):
                self._instances.known(each, request.region)
            for prefix, (code, what) in _OURS.items():
                known = self._images.known(each, request.region) or self._templates.known(each, request.region)
                if each.startswith(prefix) and not known:
                    raise Refusal(code, f"The {what} ID '{each}' does not exist")
        others = [each for each in resources if not each.startswith(("i-", *_OURS))]
        if others:
            self._parts.control.ask("ec2", "CreateTags", request.region, Resources=others, Tags=[])  # only looks
        return resources
