"""Every procedure by its tRPC name. REST (`api/routes.py`) leads to the same functions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel

from api import campaigns, control, costs, inputs, months, transactions
from api.context import Context

Run = Callable[[Context, Any], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True)
class Procedure:
    """What answers, what it takes, and whether it changes something."""

    run: Run
    takes: type[BaseModel]
    changes: bool


def _looks(run: Run, takes: type[BaseModel]) -> Procedure:
    return Procedure(run, takes, changes=False)


def _changes(run: Run, takes: type[BaseModel]) -> Procedure:
    return Procedure(run, takes, changes=True)


PROCEDURES: Final[Mapping[str, Procedure]] = MappingProxyType(
    {
        "billing.logAgentCost": _changes(costs.log_agent_cost, inputs.AgentCostIn),
        "billing.getAgentCosts": _looks(costs.get_agent_costs, inputs.AgentCostsIn),
        "billing.getCampaignSpend": _looks(costs.get_campaign_spend, inputs.CampaignSpendIn),
        "billing.getMonthlyBudget": _looks(months.get_month_summary, inputs.MonthIn),
        "billing.getMonthSummary": _looks(months.get_month_summary, inputs.MonthIn),
        "billing.setMonthlyBudget": _changes(months.set_monthly_budget, inputs.MonthBudgetIn),
        "billing.setCampaignBudget": _changes(
            campaigns.set_campaign_budget, inputs.CampaignBudgetIn
        ),
        "billing.setCampaignStatus": _changes(
            campaigns.set_campaign_status, inputs.CampaignStatusIn
        ),
        "billing.setCampaignRevenue": _changes(
            campaigns.set_campaign_revenue, inputs.CampaignRevenueIn
        ),
        "billing.getRates": _looks(costs.get_rates, inputs.NothingIn),
        "billing.check": _looks(control.check, inputs.CheckIn),
        "billing.getTransactions": _looks(transactions.get_transactions, inputs.TransactionsIn),
        "billing.correctTransaction": _changes(
            transactions.correct_transaction, inputs.CorrectionIn
        ),
        "billing.freeze": _changes(control.freeze, inputs.ReasonIn),
        "billing.thaw": _changes(control.thaw, inputs.ReasonIn),
    }
)
