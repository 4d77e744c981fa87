"""The Web API for messages, with the SDK's own client: what stays, what goes, what is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from practice.workspace import Workspace
from tests.practice.workspace_apps import MANIFEST, client_of, refusal, section, with_scopes

MARK = {"event_type": "firedrill_run", "event_payload": {"run": "D-0001"}}


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace(MANIFEST) as workspace:
        yield workspace


@pytest.fixture
def client(workspace: Workspace) -> WebClient:
    return client_of(workspace)


@pytest.fixture
def ts(client: WebClient) -> str:
    """A message of the bot with text, blocks and metadata."""
    answer = client.chat_postMessage(channel="C0DROPS", text="Running.", blocks=[section("*Running*")], metadata=MARK)
    return str(answer["ts"])


def test_the_bot_learns_who_it_is(client: WebClient) -> None:
    answer = client.auth_test()
    assert (answer["user"], answer["team_id"]) == ("Firedrill", "T0PRACTICE")
    assert answer.headers["x-oauth-scopes"].startswith("commands,chat:write")


def test_a_posted_message_comes_back_with_what_slack_adds(client: WebClient, workspace: Workspace) -> None:
    answer = client.chat_postMessage(channel="#dr-ops", text="Hi", blocks=[section("Hi")], metadata=MARK)
    assert answer["channel"] == "C0DROPS"
    assert answer["message"]["blocks"][0]["block_id"]
    assert answer["message"]["metadata"] == MARK
    assert answer["message"]["bot_id"]
    assert [message.ts for message in workspace.messages("dr-ops")] == [answer["ts"]]


def test_an_update_with_text_alone_takes_the_blocks_away_and_shows_as_edited(
    client: WebClient, workspace: Workspace, ts: str
) -> None:
    client.chat_update(channel="C0DROPS", ts=ts, text="Done.")
    message = workspace.messages("dr-ops")[0]
    assert (message.text, message.blocks, message.shows_edited) == ("Done.", (), True)
    assert message.metadata == MARK


def test_an_update_with_blocks_alone_keeps_the_text_and_does_not_show_as_edited(
    client: WebClient, workspace: Workspace, ts: str
) -> None:
    client.api_call("chat.update", json={"channel": "C0DROPS", "ts": ts, "blocks": [section("*Done*")]})
    message = workspace.messages("dr-ops")[0]
    assert (message.text, message.plain(), message.shows_edited) == ("Running.", "Done", False)
    assert message.edited_count == 1


def test_a_snapshot_does_not_change_when_the_message_does(client: WebClient, workspace: Workspace, ts: str) -> None:
    before = workspace.messages("dr-ops")[0]
    client.chat_update(channel="C0DROPS", ts=ts, text="Done.")
    assert before.text == "Running."


def test_metadata_comes_with_the_history_only_when_asked_for(client: WebClient, ts: str) -> None:
    without = client.conversations_history(channel="C0DROPS")["messages"]
    with_it = client.conversations_history(channel="C0DROPS", include_all_metadata=True)["messages"]
    assert "metadata" not in without[0]
    assert with_it[0]["metadata"] == MARK


def test_the_history_comes_in_pages_newest_first_and_without_replies(client: WebClient) -> None:
    roots = [str(client.chat_postMessage(channel="C0DROPS", text=f"{n}")["ts"]) for n in range(3)]
    client.chat_postMessage(channel="C0DROPS", text="reply", thread_ts=roots[0])
    page = client.conversations_history(channel="C0DROPS", limit=2)
    assert [message["text"] for message in page["messages"]] == ["2", "1"]
    assert page["has_more"]
    cursor = page["response_metadata"]["next_cursor"]
    rest = client.conversations_history(channel="C0DROPS", limit=2, cursor=cursor)
    assert [(message["text"], message["reply_count"]) for message in rest["messages"]] == [("0", 1)]
    newer = client.conversations_history(channel="C0DROPS", oldest=roots[1])["messages"]
    assert [message["text"] for message in newer] == ["2"]


def test_a_thread_is_read_from_its_first_message_on(client: WebClient, workspace: Workspace, ts: str) -> None:
    client.chat_postMessage(channel="C0DROPS", text="Snapshots are done.", thread_ts=ts)
    replies = client.conversations_replies(channel="C0DROPS", ts=ts)["messages"]
    assert [message["text"] for message in replies] == ["Running.", "Snapshots are done."]
    assert [reply.text for reply in workspace.thread(workspace.messages("dr-ops")[0])] == ["Snapshots are done."]


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("chat.postMessage", {"channel": "C0RANDOM", "text": "hi"}, "not_in_channel"),
        ("conversations.history", {"channel": "C0RANDOM"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "hi"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0DROPS"}, "no_text"),
        ("chat.postMessage", {"channel": "C0DROPS", "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        ("chat.postMessage", {"text": "hi"}, "invalid_arguments"),
        ("chat.update", {"channel": "C0DROPS", "ts": "1.000000", "text": "x"}, "message_not_found"),
        ("chat.delete", {"channel": "C0DROPS", "ts": "1.000000"}, "message_not_found"),
        ("chat.postEphemeral", {"channel": "C0DROPS", "user": "U0NOBODY", "text": "x"}, "user_not_in_channel"),
        ("chat.postEphemeral", {"channel": "C0ANNOUNCE", "user": "U0OPERATOR", "text": "x"}, "user_not_in_channel"),
        ("chat.postEphemeral", {"channel": "U0OPERATOR", "user": "U0OPERATOR", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "U0NOBODY", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0DROPS", "text": "x", "metadata": {"a": 1}}, "invalid_metadata_schema"),
        ("conversations.info", {"channel": "dr-ops"}, "channel_not_found"),
        ("chat.invent", {}, "unknown_method"),
    ],
)
def test_what_slack_refuses_is_refused_with_slacks_word(
    client: WebClient, workspace: Workspace, method: str, args: dict[str, object], error: str
) -> None:
    workspace.leave("dr-announcements", "operator")
    with pytest.raises(SlackApiError) as refused:
        client.api_call(method, json=args)
    assert refusal(refused.value)["error"] == error


def test_a_message_to_a_person_is_in_the_conversation_of_the_two(client: WebClient, workspace: Workspace) -> None:
    posted = client.chat_postMessage(channel="U0OPERATOR", text="psst")
    assert posted["channel"] == "D0OPERATOR"
    client.chat_update(channel="D0OPERATOR", ts=posted["ts"], text="done")
    assert [each.text for each in workspace.messages("D0OPERATOR")] == ["done"]
    assert client.conversations_info(channel="D0OPERATOR")["channel"]["is_im"]
    assert workspace.messages("D0APPROVER") == []
    assert "D0OPERATOR" not in [each["id"] for each in client.conversations_list()["channels"]]


def test_the_bot_cannot_change_what_a_person_wrote(client: WebClient, workspace: Workspace) -> None:
    workspace.say("operator", "dr-ops", "mine")
    ts = workspace.messages("dr-ops")[0].ts
    with pytest.raises(SlackApiError, match="cant_update_message"):
        client.chat_update(channel="C0DROPS", ts=ts, text="yours")
    with pytest.raises(SlackApiError, match="cant_delete_message"):
        client.chat_delete(channel="C0DROPS", ts=ts)


def test_an_ephemeral_message_is_seen_by_one_person_and_cannot_be_updated(
    client: WebClient, workspace: Workspace
) -> None:
    ts = client.chat_postEphemeral(channel="C0DROPS", user="U0OPERATOR", text="psst")["message_ts"]
    assert [message.ephemeral_for for message in workspace.ephemerals("operator")] == ["U0OPERATOR"]
    assert workspace.messages("dr-ops") == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        client.chat_update(channel="C0DROPS", ts=ts, text="hey")


def test_a_deleted_message_is_gone(client: WebClient, workspace: Workspace, ts: str) -> None:
    client.chat_delete(channel="C0DROPS", ts=ts)
    assert workspace.messages("dr-ops") == []


def test_a_permalink_looks_like_slacks(client: WebClient, ts: str) -> None:
    link = client.chat_getPermalink(channel="C0DROPS", message_ts=ts)["permalink"]
    assert link == f"https://practice.slack.com/archives/C0DROPS/p{ts.replace('.', '')}"


def test_no_two_messages_share_a_timestamp(client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel="C0DROPS", text="x")["ts"] for _ in range(20)]
    assert sorted(set(stamps)) == stamps


def test_channels_and_people_can_be_listed(client: WebClient, tmp_path: Path) -> None:
    channels = client.conversations_list()["channels"]
    assert {channel["name"]: channel["is_member"] for channel in channels} == {
        "dr-ops": True,
        "dr-announcements": True,
        "random": False,
    }
    assert client.conversations_info(channel="C0DROPS")["channel"]["name"] == "dr-ops"
    with Workspace(with_scopes(tmp_path, "users:read", "usergroups:read")) as wider:
        reader = client_of(wider)
        assert "U0OPERATOR" in [user["id"] for user in reader.users_list()["members"]]
        assert reader.users_info(user="U0APPROVER")["user"]["name"] == "approver"
        assert reader.usergroups_users_list(usergroup="S0APPROVERS")["users"] == ["U0APPROVER", "U0APPROVER2"]


def test_a_file_goes_up_in_slacks_three_calls(tmp_path: Path) -> None:
    with Workspace(with_scopes(tmp_path, "files:write")) as workspace:
        client = client_of(workspace)
        client.files_upload_v2(
            content="# Evidence\n",
            filename="D-0001.md",
            title="Report of D-0001",
            channel="C0DROPS",
            initial_comment="The report.",
        )
        message = workspace.messages("dr-ops")[0]
        assert message.plain() == "The report.\n[file: Report of D-0001]"
        assert workspace.file(message.files[0]["id"]) == b"# Evidence\n"


def test_a_reaction_is_added_once(tmp_path: Path) -> None:
    with Workspace(with_scopes(tmp_path, "reactions:write")) as workspace:
        client = client_of(workspace)
        ts = client.chat_postMessage(channel="C0DROPS", text="x")["ts"]
        client.reactions_add(channel="C0DROPS", timestamp=ts, name="eyes")
        assert workspace.messages("dr-ops")[0].reactions == {"eyes": ("U0BOT",)}
        with pytest.raises(SlackApiError, match="already_reacted"):
            client.reactions_add(channel="C0DROPS", timestamp=ts, name="eyes")


def test_a_home_tab_is_published_and_a_stale_hash_refused(client: WebClient, workspace: Workspace) -> None:
    home = {"type": "home", "blocks": [section("Nothing runs.")]}
    first = client.views_publish(user_id="U0OPERATOR", view=home)["view"]
    client.views_publish(user_id="U0OPERATOR", view=home, hash=first["hash"])
    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_publish(user_id="U0OPERATOR", view=home, hash=first["hash"])
    published = workspace.home("operator")
    assert published is not None
    assert published.id == first["id"]
