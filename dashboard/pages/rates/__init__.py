"""What agents are charged, what models cost, and what a call would."""

from dashboard.pages.rates.page import layout, register
from dashboard.registry import Page

PAGE = Page("rates", "Rate card", "rates", layout, register)
