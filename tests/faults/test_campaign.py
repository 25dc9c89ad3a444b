"""The short form of the campaign: some faults at random under load, then equal books."""

from tests.faults.campaign import Campaign
from tests.faults.stand import Parted

SECONDS = 20.0
QUICK = ("redis emptied", "redis restarted", "replies lost", "rules edited", "scripts flushed",
         "sql away", "janitor paused", "line to redis cut", "requests lost")  # fmt: skip


def test_a_short_campaign(parted: Parted) -> None:
    said: list[str] = []
    campaign = Campaign(parted, 20_261, said.append)
    campaign.faults = {name: campaign.faults[name] for name in QUICK}
    campaign.run(SECONDS)
    assert set(campaign.done) == set(QUICK)
    parted.spoiled = True  # its rules are no longer those that other tests expect
