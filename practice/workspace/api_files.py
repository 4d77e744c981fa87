"""files.*: the three calls of an upload, the second of which is a plain POST to an address of its own."""

from typing import Any

from practice.workspace.args import Args
from practice.workspace.methods import Method
from practice.workspace.refusals import Refused
from practice.workspace.state import State
from practice.workspace.team import BOT_USER


def get_upload_url(state: State, args: Args) -> dict[str, Any]:
    length = args.needed("length")
    if not length.isdigit() or int(length) == 0:
        raise Refused("invalid_arguments")
    ticket, upload = state.files.announce(args.needed("filename"), int(length), args.text("alt_txt"))
    return {"upload_url": f"{state.base_url}/upload/{ticket}", "file_id": upload.id}


def complete_upload(state: State, args: Args) -> dict[str, Any]:
    """Without a channel the files stay unshared, as with Slack."""
    named = args.data("files")
    if not isinstance(named, list) or not named:
        raise Refused("invalid_arguments")
    target = args.text("channel_id") or args.text("channels")
    channel = state.joined_channel(target) if target else None
    uploads = [state.files.complete(str(each.get("id", "")), str(each.get("title") or "")) for each in named]
    files = tuple(upload.wire() for upload in uploads)
    if channel:
        state.board.post(
            channel.id,
            BOT_USER,
            args.text("initial_comment"),
            files=files,
            thread_ts=args.text("thread_ts") or None,
        )
    return {"files": list(files)}


METHODS = [
    Method("files.getUploadURLExternal", get_upload_url, ("files:write",), "tier4"),
    Method("files.completeUploadExternal", complete_upload, ("files:write",), "tier4", changes=True),
]
