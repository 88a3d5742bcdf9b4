"""``hedgerow init``: write a commented configuration by asking."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from pydantic_core import PydanticCustomError

from core.config import parse_config
from core.config_model import AccountSection, BookSection, HedgeSection, LotSection, VenueSection
from core.config_rules import Choice, Number, Rule
from core.config_section import Section, rule_of
from core.errors import ConfigError, RequestError
from core.paths import config_path
from core.symbols import MARKETS, Terms, linear_symbol, read_name
from tui.cli.config_text import section_lines
from tui.cli.main import DONE, Commands

_DESCRIPTION = """\
Writes a configuration with every setting in it, explained. Asks what it needs to know; a question whose option is given
is not asked. Nothing is overwritten without --force."""
_EPILOG = "Exit codes: 0 written; 2 wrong usage, or the file exists. Then: hedgerow doctor"

Checker = Callable[[str], object]


@dataclass(frozen=True)
class Question:
    """Something to know: ``option`` names it on the command line, ``check`` refuses what cannot be an answer."""

    option: str
    text: str
    check: Checker
    default: str | None = None


class Answers:
    """Answers from options, else from the user, else from the defaults.

    ``ask`` puts one question to the user and returns the line typed; ``None`` where nobody can be asked.
    """

    def __init__(self, options: Mapping[str, str | None], ask: Callable[[str], str] | None) -> None:
        self._options, self._ask = dict(options), ask

    def take(self, question: Question) -> object:
        """The checked answer. Raises RequestError for an option that is refused, and where nothing is known."""
        given = self._options.pop(question.option, None)
        if given is not None:
            return self._checked(question, given)
        if self._ask is None:
            if question.default is None:
                raise RequestError(f"--{question.option}", "a value, as there is no default for it", "none")
            return self._checked(question, question.default)
        suffix = f" [{question.default}]" if question.default is not None else ""
        while True:
            typed = self._ask(f"{question.text}{suffix}: ").strip()
            try:
                return self._checked(question, typed or question.default or "")
            except RequestError as error:
                print(f"  expected {error.expected}")

    @staticmethod
    def _checked(question: Question, text: str) -> object:
        try:
            return question.check(text)
        except PydanticCustomError as error:
            raise RequestError(f"--{question.option}", error.message(), repr(text)) from None

    def another(self, question: str) -> bool:
        """A yes-or-no question; no where nobody can be asked."""
        return self._ask is not None and self._ask(f"{question} [no]: ").strip().lower() in ("y", "yes")


@dataclass
class Plan:
    """What the file is to say."""

    book: str
    lots: list[dict[str, object]] = field(default_factory=list)
    hedges: list[dict[str, object]] = field(default_factory=list)
    accounts: dict[str, dict[str, object]] = field(default_factory=dict)
    venues: dict[str, dict[str, object]] = field(default_factory=dict)


def add_parser(commands: Commands) -> None:
    """Add ``init``."""
    parser = commands.add_parser(
        "init", help="write a commented configuration by asking", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("--config", metavar="FILE", help="where to write it (default: the usual place)")
    parser.add_argument("--force", action="store_true", help="overwrite a file that is there")
    parser.add_argument("--defaults", action="store_true", help="ask nothing: options, else defaults")
    for option, text in _OPTIONS.items():
        parser.add_argument(f"--{option}", metavar="VALUE", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Write the file. Raises ConfigError where it exists and RequestError for an answer that is refused."""
    path = config_path(arguments.config)
    if path.exists() and not arguments.force:
        raise ConfigError(str(path), 0, "file", "no file here yet, or --force to overwrite it", "one")
    options = {option: getattr(arguments, option.replace("-", "_")) for option in _OPTIONS}
    asks = not arguments.defaults and sys.stdin.isatty()
    if not asks and not arguments.defaults and not any(options.values()):
        raise RequestError("init", "a terminal to ask at, or --defaults, or the answers as options", "none of them")
    try:
        text = render(make_plan(Answers(options, input if asks else None)))
    except EOFError:
        raise RequestError("init", "an answer", "the end of the input; nothing was written") from None
    parse_config(text, path)
    _write(path, text, overwrite=arguments.force)
    print(f"wrote {path}\nnow: hedgerow doctor, then: hedgerow run")
    return DONE


_OPTIONS = {
    "book": "name of the book (main)",
    "asset": "the coin held (BTC)",
    "quantity": "coins held (5 for BTC)",
    "cost": 'what one coin cost, or "unknown" (60000 for BTC, else unknown)',
    "venue": "venue of the hedge (bybit)",
    "contract": "the contract, as market:symbol or symbol (the coin's linear USDT contract)",
    "target-ratio": "part of the bag to hedge, as a fraction or in per cent (0.5)",
    "position": "position held already, negative for a short (0)",
    "entry-price": "average entry price of that position",
    "margin-mode": "isolated or cross (isolated)",
    "leverage": "leverage of the account (2)",
    "wallet-balance": "what the futures account holds, in its settlement currency (the hedge's value at cost)",
    "api-key-env": "environment variable with a read-only API key (none)",
    "secret-env": "environment variable with its secret",
}


def make_plan(answers: Answers) -> Plan:
    """Ask for everything that one book needs."""
    plan = Plan(book=str(answers.take(Question("book", "Name of the book", _rule(BookSection, "name"), "main"))))
    while True:
        _ask_hedge(answers, plan, _ask_lot(answers, plan))
        if not answers.another("Another coin to hedge?"):
            return plan


def _ask_lot(answers: Answers, plan: Plan) -> dict[str, object]:
    asset = answers.take(Question("asset", "Which coin do you hold", _rule(LotSection, "asset"), "BTC"))
    is_btc = asset == "BTC"
    quantity = Question("quantity", f"How many {asset}", _rule(LotSection, "quantity"), "5" if is_btc else None)
    lot: dict[str, object] = {"asset": asset, "quantity": answers.take(quantity)}
    text = f"What did one {asset} cost (unknown if you cannot say)"
    cost = answers.take(Question("cost", text, _or_unknown(LotSection, "cost"), "60000" if is_btc else "unknown"))
    if cost is not None:
        lot["cost"] = cost
    plan.lots.append(lot)
    return lot


def _ask_hedge(answers: Answers, plan: Plan, lot: Mapping[str, object]) -> None:
    asset = str(lot["asset"])
    venue = str(answers.take(Question("venue", f"Venue of the hedge ({', '.join(MARKETS)})", _venue, "bybit")))
    check = _contract_on(asset, venue)
    default = f"{MARKETS[venue][0]}:{linear_symbol(venue, asset)}"
    contract = answers.take(Question("contract", f"Contract at {venue}", check, default))
    terms = read_name(str(contract))
    assert terms is not None, "the check takes contracts only"
    ratio = Question("target-ratio", "Part to hedge (0.5 or 50%)", _target_ratio, "0.5")
    hedge = {"asset": asset, "instrument": contract, "account": "", "target_ratio": answers.take(ratio)}
    text = "Position held already (a short of 2.5 is -2.5)"
    hedge["quantity"] = answers.take(Question("position", text, _rule(HedgeSection, "quantity"), "0"))
    if hedge["quantity"]:
        entry = Question("entry-price", "Average entry price", _rule(HedgeSection, "entry_price"))
        hedge["entry_price"] = answers.take(entry)
    hedge["account"] = _ask_account(answers, plan, terms, _value_to_hedge(lot, hedge, terms))
    plan.hedges.append(hedge)
    _ask_key(answers, plan, venue)


def _ask_account(answers: Answers, plan: Plan, terms: Terms, value: Decimal | None) -> str:
    name = f"{terms.venue}-{terms.settle.lower()}"
    if name in plan.accounts:
        return name
    account: dict[str, object] = {"name": name, "venue": terms.venue, "settle": terms.settle}
    mode = Question("margin-mode", "Margin mode", _rule(AccountSection, "margin_mode"), "isolated")
    leverage = Question("leverage", "Leverage", _rule(AccountSection, "leverage"), "2")
    balance = Question(
        "wallet-balance",
        f"{terms.settle} in the futures account at {terms.venue}",
        _rule(AccountSection, "wallet_balance"),
        None if value is None else f"{value:f}",
    )
    account["margin_mode"], account["leverage"] = answers.take(mode), answers.take(leverage)
    account["wallet_balance"] = answers.take(balance)
    plan.accounts[name] = account
    return name


def _value_to_hedge(lot: Mapping[str, object], hedge: Mapping[str, object], terms: Terms) -> Decimal | None:
    """The hedged part of a lot at cost, in the settlement currency; ``None`` where the cost is not known."""
    quantity, ratio, cost = lot["quantity"], hedge["target_ratio"], lot.get("cost")
    assert isinstance(quantity, Decimal)
    assert isinstance(ratio, Decimal)
    if terms.settle == terms.base:
        return quantity * ratio
    return (quantity * ratio * cost).normalize() if isinstance(cost, Decimal) else None


def _ask_key(answers: Answers, plan: Plan, venue: str) -> None:
    if venue in plan.venues:
        return
    from feeds.registry import tiers_need_key

    why = "for its margin tiers" if tiers_need_key(venue) else "not needed yet"
    text = f"Environment variable with a read-only {venue} API key ({why}; none to go without)"
    key = answers.take(Question("api-key-env", text, _or_none(VenueSection, "api_key_env"), "none"))
    plan.venues[venue] = {}
    if key is not None:
        secret = Question("secret-env", "Environment variable with its secret", _rule(VenueSection, "secret_env"))
        plan.venues[venue] = {"api_key_env": key, "secret_env": answers.take(secret)}


def _rule(section: type[Section], key: str) -> Checker:
    rule = rule_of(section, key)
    assert rule is not None, f"{section.__name__}.{key} has no rule"
    return rule.check


def _or_word(word: str) -> Callable[[type[Section], str], Checker]:
    def of(section: type[Section], key: str) -> Checker:
        check = _rule(section, key)
        return lambda text: None if text == word else check(text)

    return of


_or_unknown, _or_none = _or_word("unknown"), _or_word("none")
_venue = Choice(tuple(MARKETS)).check


def _contract_on(asset: str, venue: str) -> Checker:
    class _Contract(Rule):
        @property
        def expected(self) -> str:
            return f"a contract on {asset} at {venue}, such as {MARKETS[venue][0]}:{linear_symbol(venue, asset)}"

        def check(self, value: object) -> str:
            text = str(value)
            if ":" not in text:
                text = f"{MARKETS[venue][0]}:{text}"
            name = text if text.startswith(f"{venue}:") else f"{venue}:{text}"
            terms = read_name(name)
            if terms is None or terms.market == "spot" or terms.base != asset:
                raise self.refuse()
            return name

    return _Contract().check


def _target_ratio(text: str) -> object:
    check = _rule(HedgeSection, "target_ratio")
    if not text.endswith("%"):
        return check(text)
    per_cent = Number(minimum=0).check(text[:-1].strip())
    return check(f"{per_cent / 100:f}")


def render(plan: Plan) -> str:
    """The text of the file."""
    lines = ["# Hedgerow's configuration. Lines that start with # are comments: they show what else could be said.", ""]
    for venue, values in plan.venues.items():
        lines += section_lines("venues.NAME", values, venue=venue)
    for account in plan.accounts.values():
        lines += section_lines("accounts", account)
    for name in ("accounts.collateral", "contracts", "contracts.trading_hours", "contracts.price", "contracts.months"):
        lines += section_lines(name, {})
    lines += section_lines("books", {"name": plan.book})
    for lot in plan.lots:
        lines += section_lines("books.lots", lot)
    for hedge in plan.hedges:
        lines += section_lines("books.hedges", hedge)
    lines += section_lines("books.equivalents", {})
    for name in ("books.limits", "books.thresholds", "display", "journal"):
        lines += section_lines(name, {})
    return "\n".join(lines)


def _write(path: Path, text: str, *, overwrite: bool) -> None:
    """Write the file, readable for its owner only: holdings are nobody else's business.

    A file that is replaced stays whole until the new one is.
    """
    target = path.resolve()
    place = target.with_name(f".{target.name}.{os.getpid()}") if overwrite else target
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(place, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
            stream.write(text)
        if overwrite:
            place.replace(target)
    except OSError as error:
        raise ConfigError(str(path), 0, "file", "a place that can be written", error.strerror or "an error") from None
