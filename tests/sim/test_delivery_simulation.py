import pytest

from fallwerk.domain.identcase.lifecycle import Role, WantedStep
from fallwerk.domain.identcase.model import Identification, IdentStatus, Method, PostOffice
from fallwerk.sim.delivery import SimulationFault, actor_for, read_simulation


def test_the_documented_body_is_read():
    body = {"method": "delivery", "status": "declined", "subStatus": 16, "subStatusReason": 325}
    assert read_simulation(body) == WantedStep(IdentStatus.DECLINED, 16, 325)
    office = {"streetAddress": "Poststr.50", "city": "26897 Esterwegen"}
    assert read_simulation({"method": "delivery", "status": "success", "postOffice": office}) == WantedStep(
        IdentStatus.SUCCESS, post_office=PostOffice("Poststr.50", "26897 Esterwegen")
    )


@pytest.mark.parametrize("office", [None, "", {}, {"city": ""}, {"city": None, "streetAddress": None}])
def test_null_and_empty_stand_for_nothing(office):
    body = {"method": "delivery", "status": "success", "subStatus": None, "subStatusReason": None, "postOffice": office}
    assert read_simulation(body) == WantedStep(IdentStatus.SUCCESS)


def test_a_city_alone_is_enough_and_a_hundred_characters_fit():
    body = {"method": "delivery", "status": "success", "postOffice": {"city": "ß" * 100}}
    assert read_simulation(body).post_office == PostOffice(None, "ß" * 100)


GOOD = {"method": "delivery", "status": "declined"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "body must be an object"),
        ([], "body must be an object"),
        ("delivery", "body must be an object"),
        ({}, "method must be one of: basic, video, photo, eid, delivery"),
        ({"method": "pigeon", "status": "declined"}, "method must be one of: basic, video, photo, eid, delivery"),
        ({"method": ["delivery"], "status": "declined"}, "method must be one of: basic, video, photo, eid, delivery"),
        ({"method": "delivery"}, "status must be one of: started"),
        ({"method": "delivery", "status": "lost"}, "status must be one of: started"),
        ({"method": "delivery", "status": 7}, "status must be one of: started"),
        (GOOD | {"subStatus": "16"}, "subStatus must be an integer"),
        (GOOD | {"subStatus": True}, "subStatus must be an integer"),
        (GOOD | {"subStatus": 16.0}, "subStatus must be an integer"),
        (GOOD | {"subStatusReason": [325]}, "subStatusReason must be an integer"),
        (GOOD | {"substatus": 16}, "body has an unknown field"),
        (GOOD | {"postOffice": "Bonn"}, "postOffice must be an object"),
        (GOOD | {"postOffice": {"street": "x"}}, "postOffice has an unknown field"),
        (GOOD | {"postOffice": {"city": 5}}, "postOffice.city must be a string"),
        (GOOD | {"postOffice": {"city": "x" * 101}}, "postOffice.city is too long (max. 100 characters)"),
        (GOOD | {"postOffice": {"streetAddress": "x" * 101}}, "postOffice.streetAddress is too long"),
        (GOOD | {"postOffice": {"city": "\ud800"}}, "postOffice.city is not valid Unicode"),
    ],
)
def test_a_body_that_names_no_step_is_refused(body, message):
    with pytest.raises(SimulationFault) as raised:
        read_simulation(body)
    assert str(raised.value).startswith(message)


def test_a_state_of_another_method_is_left_to_the_life_cycle():
    assert read_simulation({"method": "delivery", "status": "review pending"}).status is IdentStatus.REVIEW_PENDING


def test_the_real_actor_of_a_step_is_named():
    rerouted = Identification(Method.DELIVERY, IdentStatus.REROUTED, 1, 1)
    assert actor_for(rerouted, WantedStep(IdentStatus.SUCCESS)) is Role.POST_OFFICE
    assert actor_for(rerouted, WantedStep(IdentStatus.DECLINED, 24, 337)) is Role.RECIPIENT
    assert actor_for(None, WantedStep(IdentStatus.STARTED)) is Role.SYSTEM
    assert actor_for(None, WantedStep(IdentStatus.SUCCESS)) is None
