"""A Windows server, from its backup by VSS to a machine that is compared. PowerShell and VSS are stand-ins here."""

from dataclasses import replace

import pytest

from practice.cloud import Disk
from tests.flows.scene import Died, asked_for, cloud, dying, made, mark, retried, shown, since, words, work, worker
from tests.stage import ASKING, Stage
from workflows.aws import tags
from workflows.aws.images import Image
from workflows.engine.run import Run, Status
from workflows.errors import UserError
from workflows.facts.freezing import Freezing
from workflows.facts.kinds import KINDS
from workflows.facts.profile import DEFAULT_ON_WINDOWS, Profile

DISKS = (
    Disk("/dev/sda1", 30, "/", {"/C/inetpub/wwwroot/index.html": b"<h1>Shop</h1>", "/C/inetpub/it's/a.txt": b"a"}),
    Disk("/dev/sdf", 20, "/D", {"/D/data/orders.csv": b"order,amount\n1,42.00\n"}),
)
PATHS = (r"C:\inetpub", r"D:\data")
WEB = Profile("web", PATHS, without=(r"C:\inetpub\logs",), freeze=Freezing(vss=True), platform="windows")
OPTIONAL = replace(WEB, freeze=Freezing(vss=True, required=False))


@pytest.fixture
def web(stage: Stage) -> str:
    stage.profiles["web"] = WEB
    return stage.seed("web", DISKS, windows=True)


def image(stage: Stage) -> Image:
    (found,) = stage.aws.images.ours()
    return found


def label(stage: Stage) -> tuple[str, str]:
    return image(stage).tags[tags.CONSISTENCY], image(stage).tags.get(tags.CONSISTENCY_REASON, "")


def started(stage: Stage) -> Run:
    return stage.desk.start(stage.desk.backup(ASKING, "web", reboot=False, accept_loss=False)[0])


def documents(stage: Stage) -> list[str]:
    return [str(each.params["DocumentName"]) for each in asked_for(stage, "SendCommand")]


def test_a_windows_server_is_lost_and_comes_back_the_same_by_an_image_that_vss_made(stage: Stage, web: str) -> None:
    asked = stage.drill("web")
    assert asked.status is Status.ASKING, asked.problem
    assert label(stage) == ("application-consistent", "")
    assert asked_for(stage, "CreateImage") == [], "the server has asked for it by itself"
    assert "application-consistent: VSS held until the snapshots existed" in shown(asked)
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert documents(stage) == ["AWS-RunPowerShellScript", "AWSEC2-CreateVssSnapshot", "AWS-RunPowerShellScript"]
    assert image(stage).tags[tags.PROOF] == "proven"
    assert (stage.count("CreateImage"), made(stage, "TerminateInstances")) == (1, [web])
    assert image(stage).tags[tags.SERVER] == "web"


def test_a_byte_that_differs_on_the_copy_of_a_windows_server_is_found_by_its_name_there(stage: Stage, web: str) -> None:
    assert stage.backup("web").status is Status.SUCCEEDED
    stage.lab.faults.corrupt_disk("/D/data/orders.csv")
    asked = stage.clone("web")
    assert asked.values["evidence"]["verdict"] == "different"
    assert r"D:\data\orders.csv" in shown(stage.approve(asked))


@pytest.mark.parametrize("fault", ["no_vss", "vss_lets_go"])
def test_without_vss_the_image_is_crash_consistent_and_says_why_or_is_not_made_where_vss_is_required(
    stage: Stage, web: str, fault: str
) -> None:
    stage.profiles["web"] = OPTIONAL
    getattr(stage.lab.faults, fault)()
    ended = stage.backup("web")
    assert ended.status is Status.SUCCEEDED, ended.problem
    reached, why = label(stage)
    assert reached == "crash-consistent"
    assert "VSS did not hold: its command ended as Failed" in why
    assert why in shown(ended)
    assert stage.count("CreateImage") == 1
    assert len(asked_for(stage, "CreateImage")) == (1 if fault == "no_vss" else 0)


def test_a_required_vss_that_cannot_be_had_stops_the_run_before_any_image_and_a_retry_asks_anew(
    stage: Stage, web: str
) -> None:
    stage.lab.faults.no_vss()
    failed = stage.backup("web")
    assert "AwsVssComponents is not installed" in words(failed)
    assert "asked for no other image" in words(failed)
    assert stage.count("CreateImage") == 0
    assert retried(stage, failed).status is Status.SUCCEEDED
    assert label(stage) == ("application-consistent", "")


def test_a_role_that_may_not_send_the_document_leaves_the_image_crash_consistent(stage: Stage, web: str) -> None:
    stage.profiles["web"] = OPTIONAL
    faults = stage.lab.faults
    faults.after("SendCommand", lambda: faults.refuse("SendCommand", "AccessDeniedException", 400))
    assert stage.backup("web").status is Status.SUCCEEDED
    assert label(stage)[0] == "crash-consistent"
    assert "VSS could not be asked for" in label(stage)[1]


def test_a_worker_that_dies_or_an_answer_that_is_lost_makes_no_second_image(stage: Stage, web: str) -> None:
    faults, run = stage.lab.faults, started(stage)
    faults.after("SendCommand", lambda: faults.before("SendCommand", lambda: faults.lose_answer("SendCommand")))
    with pytest.raises(Died):
        work(stage, dying(stage, "create_image"), run.id)
    stage.clock.forward(120)
    ended = work(stage, worker(stage), run.id)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert (stage.count("CreateImage"), label(stage)) == (1, ("application-consistent", ""))
    assert documents(stage).count("AWSEC2-CreateVssSnapshot") == 1


def test_a_worker_that_lost_its_run_while_it_marked_the_image_of_vss_marks_it_no_more(stage: Stage, web: str) -> None:
    """What another has found out about the image since then stays."""
    run, others = started(stage), []

    def taken_over() -> None:
        step = stage.store.read(run.id).step.name
        others.append((step, work(stage, worker(stage), run.id).status, stage.count("CreateTags")))

    stage.lab.faults.after("CreateTags", taken_over)
    stage.drive(run)
    assert others == [("ask_vss", Status.SUCCEEDED, stage.count("CreateTags"))]
    assert image(stage).tags[tags.PROOF] == "complete"


def test_a_reboot_takes_the_place_of_vss(stage: Stage, web: str) -> None:
    assert stage.backup("web", reboot=True).status is Status.SUCCEEDED
    assert label(stage) == ("rebooted", "")
    assert documents(stage) == ["AWS-RunPowerShellScript"]


def test_what_the_document_cannot_tag_is_tagged_afterwards_a_servers_name_and_the_snapshots(stage: Stage) -> None:
    name = "web; tag=x, é"
    stage.profiles[name] = WEB
    stage.seed(name, DISKS, windows=True)
    assert stage.backup(name).status is Status.SUCCEEDED
    assert image(stage).tags[tags.SERVER] == name
    found = cloud(stage)("ec2", "describe_snapshots", OwnerIds=["self"])["Snapshots"]
    assert [tags.of(each).get(tags.INSTALLATION) for each in found] == ["test", "test"]


def test_a_profile_of_the_other_system_is_refused_at_the_desk_and_by_the_run(stage: Stage, web: str) -> None:
    stage.profiles["web"] = Profile("web", ("/srv",))
    then = mark(stage)
    with pytest.raises(UserError, match="runs Windows, and the profile `web` measures Linux servers"):
        started(stage)
    stage.profiles["web"] = WEB
    run = started(stage)
    for reservation in cloud(stage)("ec2", "describe_instances", InstanceIds=[web])["Reservations"]:
        assert [each["Platform"] for each in reservation["Instances"]] == ["windows"]
    stage.lab._parts.control.ec2("us-east-1").get_instance(web).platform = None
    failed = stage.drive(run)
    assert "runs Linux, and the profile `web` measures Windows servers" in words(failed)
    assert since(stage, then).changes == []


def test_a_windows_server_without_a_profile_of_its_own_has_the_default_of_windows(stage: Stage, web: str) -> None:
    del stage.profiles["web"]
    stage.profiles["default-windows"] = DEFAULT_ON_WINDOWS
    planned = stage.desk.backup(ASKING, "web", reboot=False, accept_loss=False)[0]
    assert planned.values["profile"]["name"] == "default-windows"
    assert "Ask VSS for the image" in [each.title for each in planned.steps]
    assert stage.drive(stage.desk.start(planned)).status is Status.SUCCEEDED
    assert label(stage) == ("application-consistent", "")


def test_checks_are_told_to_be_beyond_the_lab_where_there_is_no_powershell(stage: Stage, web: str) -> None:
    check = KINDS["service"].model_validate({"unit": "W3SVC"}).check()
    stage.profiles["web"] = replace(WEB, checks=(check,))
    failed = stage.backup("web")
    assert "the lab has no PowerShell" in words(failed)
    assert stage.count("CreateImage") == 0


def test_validation_measures_the_living_windows_server(stage: Stage, web: str) -> None:
    assert stage.backup("web").status is Status.SUCCEEDED
    validate = stage.desk.start(stage.desk.validate(ASKING, "web"))
    assert stage.drive(validate).status is Status.SUCCEEDED
