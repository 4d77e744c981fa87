"""Retention: what it lets go is named, approved and removed; the last proven point and what is not ours never are."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from handlers.cards import card
from handlers.digest import digest
from handlers.grammar import parse
from handlers.requests import Decide
from handlers.windows import Kept, window
from practice.workspace.blocks import check_blocks
from tests.flows.old_points import DAY, RULE, five_points, key
from tests.flows.scene import SMALL, Died, _room, asked_for, cloud, made, mark, shown, since, words
from tests.stage import APPROVER, APPROVER2, ASKING, OPERATOR, Stage
from workflows.aws import Home, tags
from workflows.aws.templates import from_mark
from workflows.desk import Asking
from workflows.digest import digest_of
from workflows.engine.halting import Halting
from workflows.engine.run import Run, Status
from workflows.errors import NotSafe, UserError
from workflows.facts.profile import Profile
from workflows.keeping import EVERYTHING_STAYS, Keeping
from workflows.points import point_of
from workflows.report.reading import document_of

REMOVES = {"DeregisterImage": 2, "DeleteSnapshot": 4, "DeleteLaunchTemplateVersions": 1}


def asked(stage: Stage, typed: str = "prune --reason 'it costs'") -> Run:
    """Driven to its question."""
    _, started = stage.answers.to(parse(typed), ASKING)
    return stage.drive(started[0])


def go_on(stage: Stage, run: Run) -> Run:
    stage.clock.forward(1)
    stage.step()
    return stage.drive(run)


def there(stage: Stage) -> list[str]:
    return [each.id for each in sorted(stage.aws.images.ours(), key=lambda each: each.requested)]


def marked(stage: Stage, image_id: str, **marks: str) -> None:
    """By somebody else's hand."""
    given = {getattr(tags, name): value for name, value in marks.items()}
    cloud(stage)("ec2", "create_tags", Resources=[image_id], Tags=tags.given(given))


def test_what_the_rule_lets_go_is_named_approved_by_another_who_names_the_deed_removed_and_told(stage: Stage) -> None:
    first, second, third, fourth, fifth = ids = five_points(stage)
    snapshots = {each: set(stage.aws.images.get(each).snapshots.values()) for each in ids}
    run = asked(stage)
    assert run.id == "P-0001"
    said = str(run.question)
    assert all(each in said for image in (first, third) for each in (image, *snapshots[image]))
    assert not any(each in said for image in (second, fourth, fifth) for each in snapshots[image])
    assert f"`{second}`: it is the last proven one" in said
    assert run.question is not None
    kept = Kept(run.id, run.question.id, "C0DROPS", "")
    opened = window(run, run.question, Decide(run.id, approved=True), kept)
    assert check_blocks(opened["blocks"], "modal") == opened["blocks"]
    check_blocks(card(run).blocks, "message")
    assert "Type this to approve: prune orders-db" in str(opened)
    assert "nothing is removed" in shown(run)
    for by, name in ((OPERATOR, "prune orders-db"), (APPROVER, "orders-db")):
        with pytest.raises(UserError, match=r"somebody else must approve|is not the deed of P-0001"):
            stage.answers.to(Decide(run.id, approved=True, name=name), Asking(by))
    then = mark(stage)
    stage.answers.to(Decide(run.id, approved=True, name="prune orders-db"), Asking(APPROVER))
    ended = go_on(stage, run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert there(stage) == [second, fourth, fifth]
    assert dict(since(stage, then).effects) == REMOVES
    assert set(made(stage, "DeleteSnapshot")) == snapshots[first] | snapshots[third]
    assert "2 recovery points with 4 snapshots removed." in shown(ended)
    document = document_of(ended)
    assert document.verdict.word == "removed"
    assert all(each in str(document.steps) + str(document.decisions) for each in (first, third))
    told = [(each["kind"], call["call"]) for each in stage.audit() for call in each["calls"]]
    assert told[-7:].count(("effect", "DeregisterImage")) == 2
    entries = [each for each in stage.audit() if each["before"].get("step") == "approve_prune"]
    assert entries, "the intent comes before the first deed"
    week = (0.0, stage.clock.now() + 1)
    found = digest(digest_of(week, stage.clock.now(), [ended], [], None, None))
    assert "*Points pruned:* 2" in str(found.blocks)


def test_a_backup_may_say_for_itself_how_long_its_point_is_kept(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    for typed in ("backup orders-db --keep 3d", "backup orders-db"):
        stage.clock.forward(4 * DAY)
        run = stage.drive(stage.answers.to(parse(typed), ASKING)[1][0])
        assert run.status is Status.SUCCEEDED, run.problem
        stage.look()
    assert stage.answers.to(parse("prune"), ASKING)[1]
    kept = [each.keep for each in stage.desk.points("orders-db")]
    assert kept == ["", "3d"]


def test_a_dry_run_and_a_rule_that_lets_nothing_go_start_nothing_and_ask_nobody(stage: Stage) -> None:
    first, _, third, *_ = five_points(stage)
    then = mark(stage)
    text, started = stage.answers.to(parse("prune --dry-run"), ASKING)
    assert (started, [first in text, third in text]) == ([], [True, True])
    assert "P-" not in text
    for rule in (EVERYTHING_STAYS, Keeping(keep="9 d"), Keeping(last=5)):
        stage.keeps(rule)
        text, started = stage.answers.to(parse("prune orders-db"), ASKING)
        assert (started, "there is nothing to remove" in text) == ([], True)
    stage.keeps(RULE)
    stage.profiles["orders-db"] = Profile("orders-db", ("/srv",), retention=Keeping(keep="9 d"))
    assert stage.answers.to(parse("prune"), ASKING)[1] == []
    assert since(stage, then).actions == []


def proven_now(stage: Stage, ids: list[str]) -> None:
    marked(stage, ids[1], PROOF="complete")
    marked(stage, ids[2], PROOF="proven")


DOUBTS: dict[str, Callable[[Stage, list[str]], None]] = {
    "it is the last proven one": proven_now,
    "it is not there any more, or not under": lambda stage, ids: marked(stage, ids[2], SERVER="ledger"),
    "it is not as it was shown": lambda stage, ids: marked(stage, ids[2], CONSISTENCY="rebooted"),
    "no rule lets it go": lambda stage, _: stage.keeps(EVERYTHING_STAYS),
    "The policy now wants 2 approvals": lambda stage, _: stage.needs(2),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_any_doubt_at_the_click_removes_nothing(stage: Stage, doubt: str) -> None:
    ids = five_points(stage)
    run = asked(stage)
    DOUBTS[doubt](stage, ids)
    then = mark(stage)
    failed = stage.approve(run)
    assert failed.status is Status.FAILED
    assert doubt in words(failed)
    assert "Nothing was removed." in shown(failed)
    assert since(stage, then).effects.total() == 0


def test_what_changes_while_others_are_removed_stays_and_the_run_says_so(stage: Stage) -> None:
    first, second, third, *_ = five_points(stage)
    run = asked(stage)
    stage.lab.faults.after("DeregisterImage", lambda: marked(stage, third, KEEP="forever"))
    ended = stage.approve(run)
    assert ended.status is Status.FAILED
    assert f"not removed: `{third}`: its tag `firedrill:keep` says" in words(ended)
    assert there(stage)[:2] == [second, third]
    assert made(stage, "DeregisterImage") == [first]
    assert "*Points pruned:* 1, *1 failed*" in str(digest(digest_of((0, 2e9), 0, [ended], [], None, None)).blocks)


def test_after_the_approvals_end_nothing_is_removed_whatever_was_begun(stage: Stage) -> None:
    first, _, third, *_ = five_points(stage)
    run = asked(stage)
    stage.lab.faults.after("DeregisterImage", lambda: stage.clock.forward(1800))
    ended = stage.approve(run)
    assert made(stage, "DeregisterImage") == [first]
    assert made(stage, "DeleteSnapshot") == []
    assert words(ended).count("the approval had expired") == 2
    assert words(ended).startswith("1 recovery point with 0 snapshots removed")
    assert third in there(stage)


def test_a_worker_that_is_killed_between_any_two_deeds_leaves_the_rest_to_the_next(stage: Stage) -> None:
    five_points(stage)
    run = asked(stage)
    killed: list[str] = []

    def hear(name: str, request: str, outcome: str) -> None:
        if name not in killed:
            killed.append(name)
            raise Died(name)

    then = mark(stage)
    stage.desk.answer(run.id, APPROVER, True)
    stage.home = Home("test", stage.lab.url, hear)
    for _ in REMOVES:
        with pytest.raises(Died):
            go_on(stage, run)
        stage.clock.forward(60)
    ended = go_on(stage, run)
    assert (ended.status, set(killed)) == (Status.SUCCEEDED, set(REMOVES)), ended.problem
    assert dict(since(stage, then).effects) == REMOVES
    assert "2 recovery points with 4 snapshots removed." in shown(ended)


def test_lost_answers_and_a_snapshot_that_aws_still_holds_remove_nothing_twice(stage: Stage) -> None:
    five_points(stage)
    run = asked(stage)
    then = mark(stage)
    for call in REMOVES:
        stage.lab.faults.lose_answer(call)
    stage.lab.faults.refuse("DeleteSnapshot", "InvalidSnapshot.InUse", 400)
    ended = stage.approve(run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert dict(since(stage, then).effects) == REMOVES


def test_an_image_that_aws_protects_stays_and_the_others_go(stage: Stage) -> None:
    first, _, third, *_ = five_points(stage)
    run = asked(stage)
    stage.lab.faults.refuse("DeregisterImage", "OperationNotPermitted", 400)
    ended = stage.approve(run)
    assert ended.status is Status.FAILED
    assert f"not removed: `{first}`: AWS refused DeregisterImage" in words(ended)
    assert made(stage, "DeregisterImage") == [third]


def test_a_halt_stops_between_two_deeds_and_what_was_approved_goes_on_after_it(stage: Stage) -> None:
    five_points(stage)
    run = asked(stage)
    halting = Halting(stage.store)

    def halts() -> None:
        halting.halt(OPERATOR, "a storm")

    stage.lab.faults.after("DeregisterImage", halts)
    stage.desk.answer(run.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    assert stage.store.read(run.id).halted
    assert (stage.count("DeregisterImage"), stage.count("DeleteSnapshot")) == (1, 0)
    halting.resume(OPERATOR)
    assert go_on(stage, run).status is Status.SUCCEEDED
    assert stage.count("DeregisterImage") == 2


def test_a_cancel_before_the_click_removes_nothing_and_one_between_two_deeds_tells_what_is_gone(stage: Stage) -> None:
    first, *_ = five_points(stage)
    run = asked(stage)

    def cancels() -> None:
        stage.desk.cancel(run.id, OPERATOR)

    cancels()
    assert "Nothing was removed." in shown(go_on(stage, run))
    run = asked(stage)
    stage.lab.faults.after("DeleteSnapshot", cancels)
    ended = stage.approve(run)
    assert ended.status is Status.CANCELLED
    assert f"Removed before that: `{first}`. To be deleted by hand, or paid for: `snap-" in shown(ended)
    assert made(stage, "DeregisterImage") == [first]
    assert f"Removed before that: {first}." in document_of(ended).verdict.headline


def test_an_image_that_somebody_copied_with_its_tags_and_a_snapshot_of_anothers_image_stay(stage: Stage) -> None:
    first, _, third, _, fifth = five_points(stage)
    raw = cloud(stage)
    copy = raw("ec2", "copy_image", SourceImageId=first, SourceRegion="us-east-1", Name="mine", CopyImageTags=True)
    kept = _room(stage, "DescribeImages")._kept
    kept[copy["ImageId"]] = replace(kept[copy["ImageId"]], created=stage.clock.now() - 9 * DAY)
    kept[fifth] = replace(kept[fifth], disks=(*kept[fifth].disks, kept[third].disks[0]))
    shared, stolen = kept[third].disks[0].id, kept[first].disks[0].id
    raw("ec2", "create_tags", Resources=[stolen], Tags=tags.given({tags.INSTALLATION: "other"}))
    with pytest.raises(NotSafe, match="was not made by this installation"):
        stage.aws.removals.ensure_deregistered(copy["ImageId"], key(1), hold=lambda: None)
    stage.look()
    ended = stage.approve(asked(stage))
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert {first, third}.isdisjoint(there(stage))
    assert copy["ImageId"] in there(stage)
    assert {shared, stolen}.isdisjoint(made(stage, "DeleteSnapshot"))
    assert f"`{shared}` is used by `{fifth}` too" in str(ended.steps)
    assert len(asked_for(stage, "DeleteSnapshot")) == 2
    settings = point_of(stage.aws.images.get(copy["ImageId"]), "us-east-1").launch
    assert f"the launch settings `{settings}`: `{copy['ImageId']}` names them too" in str(ended.steps)
    assert stage.aws.templates.version(from_mark(settings)), "the copy can still be launched"


def test_while_it_asks_nothing_else_begins_on_the_server_and_two_must_approve_where_the_policy_says_so(
    stage: Stage,
) -> None:
    five_points(stage)
    stage.needs(2)
    run = asked(stage)
    with pytest.raises(UserError, match="P-0001"):
        stage.answers.to(parse("restore orders-db --beside"), ASKING)
    stage.desk.answer(run.id, APPROVER, True)
    assert go_on(stage, run).status is Status.ASKING
    assert stage.count("DeregisterImage") == 0
    assert stage.approve(run, by=APPROVER2).status is Status.SUCCEEDED
