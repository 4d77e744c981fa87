"""Attacks on an approval, and the test that each of them fails in.

Those that come as a payload, or through a window that was left open, stand in this folder; those that change the world
or the people after the click, where the worker looks at them again.
"""

_WINDOW, _WIRE = "tests/attacks/test_at_the_window.py", "tests/attacks/test_on_the_wire.py"
_PEOPLE, _WORLD = "tests/flows/test_policy_at_the_click.py", "tests/flows/test_promises.py"
_DOUBT = "test_a_doubt_at_the_click_stops_the_run_and_is_named"

#: Attack → file, test and, where one test has several cases, the case.
ATTACKS = {
    "a payload is sent again": (_WIRE, "test_a_submission_that_is_sent_again_decides_nothing_again"),
    "a payload of an earlier question": (_WIRE, "test_a_submission_that_is_sent_again_decides_nothing_again"),
    "a forged user id": (_WIRE, "test_a_submission_that_slack_did_not_sign_so_and_just_now_gets_401"),
    "a wrong signature": (_WIRE, "test_a_submission_that_slack_did_not_sign_so_and_just_now_gets_401"),
    "an old timestamp": (_WIRE, "test_a_submission_that_slack_did_not_sign_so_and_just_now_gets_401"),
    "the button of another run": (_WIRE, "test_the_button_and_the_window_of_another_run_approve_nothing"),
    "fifty at once": (_WIRE, "test_fifty_submissions_at_once_are_one_decision_and_one_termination"),
    "after the expiry": (_WINDOW, "test_a_window_that_was_left_open_past_the_expiry_says_so"),
    "after the decision": (_WINDOW, "test_a_window_that_was_left_open_past_the_decision_says_who_decided"),
    "after a cancel": (_WINDOW, "test_a_window_that_was_left_open_past_a_cancel_says_who_cancelled"),
    "by the asker": (_WINDOW, "test_the_asker_cannot_submit_a_window_that_an_approver_opened"),
    "by the asker through the shell": (
        "tests/processes/test_clicks.py",
        "test_the_asker_and_a_bystander_are_refused_with_a_reason_in_slack_and_in_the_shell",
    ),
    "by an approver who is none any more": (_WINDOW, "test_who_was_removed_while_the_window_was_open_approves_nothing"),
    "by one who is removed after the click": (
        _PEOPLE,
        "test_an_approver_who_was_removed_after_the_click_has_approved_nothing",
    ),
    "by a deactivated user": (_WINDOW, "test_who_was_deactivated_while_the_window_was_open_approves_nothing"),
    "by one who is deactivated after the click": (
        _PEOPLE,
        "test_an_approver_whose_account_was_deactivated_after_the_click_has_approved_nothing",
    ),
    "twice by one person": (_WINDOW, "test_one_person_counts_once_by_whatever_way_they_approve_again"),
    "a wrong name": (_WINDOW, "test_a_name_that_is_typed_wrongly_decides_nothing_and_is_in_the_audit"),
    "another instance behind the name": (_WORLD, _DOUBT, "_another_of_the_name"),
    "the name on another instance": (_WORLD, _DOUBT, "_renamed"),
    "the image deregistered meanwhile": (_WORLD, _DOUBT, "_deregistered"),
    "a volume added meanwhile": (_WORLD, _DOUBT, "_volume_attached"),
    "the policy tightened meanwhile": (
        _PEOPLE,
        "test_a_policy_that_was_tightened_after_the_click_wants_its_second_approval_and_a_retry_asks_for_it",
    ),
}
