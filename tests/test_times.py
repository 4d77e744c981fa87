"""AWS's times are read as botocore reads them, only sooner."""

from datetime import UTC, datetime

import pytest
from botocore.utils import parse_timestamp

from tests.stage import Stage
from workflows.aws.times import moment


@pytest.mark.parametrize(
    "written",
    ["2026-11-24T03:20:00.000Z", "2026-11-24T03:20:00Z", "2026-11-24T03:20:00.25+01:00", "20261124T032000Z",
     "Tue, 24 Nov 2026 03:20:00 GMT", 1_795_490_400, 1_795_490_400.5, "1795490400"],
)  # fmt: skip
def test_every_way_that_a_service_writes_a_time_is_read_as_by_botocore(written: object) -> None:
    assert moment(written) == parse_timestamp(written)


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="soon"):
        moment("soon")


def test_clients_read_times_that_way(stage: Stage) -> None:
    """botocore's reader gives a time zone of its own kind."""
    stage.seed()
    (found,) = stage.clients.of("ec2", "us-east-1").describe_instances()["Reservations"]
    launched = found["Instances"][0]["LaunchTime"]
    assert (type(launched), launched.tzinfo) == (datetime, UTC)
