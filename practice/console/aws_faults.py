"""What can go wrong in the lab cloud."""

import math
from typing import Any

from practice.console.lab import OpenLab
from practice.console.panel import Fault, Words
from practice.console.picture import server_of, tags_of

_GROUP = "AWS"
#: Seconds.
SLOW_IMAGE, THROTTLED, NO_CAPACITY = 60.0, 10.0, 15.0
LOSABLE = ("CreateImage", "SendCommand", "TerminateInstances", "RunInstances")


def aws_faults(lab: OpenLab) -> list[Fault]:
    """Of this lab, the ones that people meet most often first."""
    return [*_images(lab), *_calls(lab), *_machines(lab)]


def _images(lab: OpenLab) -> list[Fault]:
    return [
        Fault(
            "slow_image",
            _GROUP,
            "Slow images",
            f"Every image that is asked for from now on stays pending for {SLOW_IMAGE:.0f} seconds.",
            "The progress bar in the card: the run waits, and holds nothing up meanwhile.",
            begin=lambda _: lab.pace.slow_images(SLOW_IMAGE),
            end=lambda _: lab.pace.usual_images(),
            on=lambda: [("", f"New images take {lab.pace.slow:.0f} seconds.")] if lab.pace.slow else [],
        ),
        Fault(
            "fail_image",
            _GROUP,
            "Failed image",
            "The next image ends as failed instead of available.",
            "The run stops before anything is terminated, says why, and offers Retry.",
            begin=lambda _: lab.faults.fail_image(),
            **_armed(lab, "fail_image", "The next image will fail."),
        ),
    ]


def _calls(lab: OpenLab) -> list[Fault]:
    def lost() -> Words:
        armed = [subject for kind, subject in lab.faults.armed() if kind == "lose"]
        return [(subject, f"The answer of the next {subject} will be lost.") for subject in dict.fromkeys(armed)]

    return [
        Fault(
            "throttle",
            _GROUP,
            "Throttle",
            f"AWS refuses every call for {THROTTLED:.0f} seconds, because there are too many.",
            "The step in the card says that it is throttled, tries again with growing pauses, and goes on.",
            begin=lambda _: lab.faults.throttle_for(THROTTLED),
            end=lambda _: lab.faults.end("throttle"),
            on=lambda: _lasting(lab, "throttle", "AWS throttles every call"),
        ),
        Fault(
            "capacity",
            _GROUP,
            "No capacity",
            f"AWS has no machine to launch for {NO_CAPACITY:.0f} seconds.",
            "During a restore: the card says so, and the machine is launched once when there is one.",
            begin=lambda _: lab.faults.no_capacity_for(NO_CAPACITY),
            end=lambda _: lab.faults.end("capacity"),
            on=lambda: _lasting(lab, "capacity", "AWS has no machine"),
        ),
        Fault(
            "lose",
            _GROUP,
            "Lost answer",
            "The next call of this kind is carried out, and its answer never arrives.",
            "What the lab carried out, below: the worker looks before it asks again, and it is there once.",
            begin=lab.faults.lose_answer,
            end=lambda action: lab.faults.end("lose", action),
            on=lost,
            of="Call",
            choices=lambda: [(action, action) for action in LOSABLE],
        ),
    ]


def _machines(lab: OpenLab) -> list[Fault]:
    return [
        Fault(
            "corrupt_disk",
            "Disks and agents",
            "Corrupt the restored disk",
            "One byte of the next restored server differs; the file's size and time do not.",
            "The end of a drill: it must find the difference and name the file.",
            begin=lambda _: lab.faults.corrupt_disk(),
            **_armed(lab, "corrupt_disk", "The next restored disk will have one wrong byte."),
        ),
        Fault(
            "agent",
            "Disks and agents",
            "Agent offline",
            "The SSM agent of a server stops answering, until you put it online again.",
            "A backup of that server stops at its first step: without the agent nothing can be measured.",
            begin=lab.faults.agent_offline,
            end=lab.faults.agent_online,
            on=lambda: [(each, f"The agent of {_names(lab).get(each, each)} is offline.") for each in _offline(lab)],
            ends="Agent online",
            of="Server",
            choices=lambda: sorted(_names(lab).items(), key=lambda each: each[1]),
        ),
    ]


def _armed(lab: OpenLab, kind: str, text: str) -> dict[str, Any]:
    """`on` and `end` of a fault that waits for the call that it strikes."""
    return {
        "on": lambda: [("", text)] if (kind, "*") in lab.faults.armed() else [],
        "end": lambda _: lab.faults.end(kind, "*"),
    }


def _lasting(lab: OpenLab, name: str, text: str) -> Words:
    left = math.ceil(lab.faults.seconds_left(name))
    return [("", f"{text} for another {left} s.")] if left else []


def _offline(lab: OpenLab) -> list[str]:
    """Those that were switched off and are still there."""
    return [each for each in lab.faults.offline() if each in _names(lab)]


def _names(lab: OpenLab) -> dict[str, str]:
    """Instance id → the name of its server, of all that run or are about to."""
    return {
        each["InstanceId"]: f"{server_of(tags_of(each))} ({each['InstanceId']})"
        for reservation in lab.look("DescribeInstances")["Reservations"]
        for each in reservation["Instances"]
        if each["State"]["Name"] in ("pending", "running")
    }
