"""What goes wrong while a server is to stand still for its image: each is what happened, and what to do about it."""

from workflows.errors import RunFailed


class FreezeFailed(RunFailed):
    """The server could not be made to stand still. What was frozen was thawed again, or its watchdog does it."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The server could not be made to stand still: {reason.rstrip('.')}.",
            "No image was made. Mend it, then `/dr retry`. With `required = false` in the profile's table `freeze` the "
            "run would go on, with an image that is only crash-consistent.",
        )
        self.reason = reason


class VssFailed(RunFailed):
    """There is no image by VSS, and the profile wants no other."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason.rstrip('.')}.",
            "Firedrill has asked for no other image. docs/consistency.md says what VSS needs on the server and of its "
            "role. Mend it, then `/dr retry`. With `required = false` in the profile's table `freeze` the run would go "
            "on, with an image that is only crash-consistent.",
        )


class FreezeOver(RunFailed):
    """The watchdog has thawed before the image was asked for."""

    def __init__(self) -> None:
        super().__init__(
            "The freeze had run out before the image was asked for: the server's watchdog has thawed.",
            "No image was made. `/dr retry` freezes again.",
        )


class ThawFailed(RunFailed):
    """Something on the server may still stand still."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The server could not be thawed: {reason.rstrip('.')}.",
            "Look at it now: what it serves may hang. Its watchdog goes on trying. `/dr retry` thaws and looks again.",
        )
