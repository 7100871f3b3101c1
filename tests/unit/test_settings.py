"""The settings of a location: from typed text to a value, and from stored values to the whole."""

from __future__ import annotations

import pytest

from avantto_qbo.errors import ConfigError
from avantto_qbo.location_settings import (
    check_key,
    encode_setting,
    merge_settings,
    parse_setting,
    setting_values,
)
from avantto_qbo.model.settings import Channel, OnOff, Reviews, Settings, TaxMode


def refusal(key: str, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_setting(key, text)
    assert caught.value.key == key
    return caught.value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("tax", "line", TaxMode.LINE),
        ("reviews", "shadow", Reviews.SHADOW),
        ("sources.funnel", "off", OnOff.OFF),
        ("tax_codes.GST 5%", "5", "5"),
        ("deposit_accounts.stripe", "Stripe clearing", "Stripe clearing"),
        ("review_channels", "sms, email", (Channel.SMS, Channel.EMAIL)),
        ("class", "Shop", "Shop"),
        ("number_prefix", "A-", "A-"),
        ("review_link", "https://g.page/r/x/review", "https://g.page/r/x/review"),
        ("review_hours", "always", "always"),
        ("review_hours", "Mon-Fri 08:30-18:00", "Mon-Fri 08:30-18:00"),
        ("review_hours", "Mon-Fri 09:00-18:00, Sat 10:00-14:00", "Mon-Fri 09:00-18:00, Sat 10:00-14:00"),
        ("review_message.sms", "Hi {first_name}: {link}", "Hi {first_name}: {link}"),
        ("alert_email", "", ""),
    ],
)
def test_text_becomes_a_typed_value(key: str, text: str, value: object) -> None:
    assert parse_setting(key, text) == value


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("tax", "maybe", 'must be one of "auto", "line", "hold", not "maybe"'),
        ("invoices", "true", 'must be one of "on", "off"'),
        ("review_channels", "pigeon", 'each one of "email", "sms"'),
        ("review_channels", "sms,sms", "none twice"),
        ("review_channels", "", "at least one"),
        ("review_hours", "9-17", "Mon-Sat 09:00-20:00"),
        ("review_hours", "Mon-Sat 20:00-09:00", "Mon-Sat 09:00-20:00"),
        ("review_link", "my page", "must be `auto` or the address of a page"),
        ("review_message.sms", "Hi {name}: {link}", "unknown placeholder {name}"),
        ("review_message.email", "Hi!", "must contain {link}"),
        ("number_prefix", "LONGER-THAN-TEN", "at most 10"),
        ("alert_email", "owner", "must be an e-mail address"),
        ("sources", "on", "is a table"),
        ("deposit_accounts", "7", "is a table"),
        ("books_from", "2026-01-01", "cannot be changed"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(key: str, text: str, said: str) -> None:
    assert said in refusal(key, text).problem


@pytest.mark.parametrize(
    ("key", "mend"),
    [
        ("revews", "did you mean `reviews`?"),
        ("Reviews", "did you mean `reviews`?"),
        ("review_message.mail", "did you mean `email`?"),
        ("taxes", "did you mean `tax`?"),
    ],
)
def test_an_unknown_key_comes_with_the_nearest_one(key: str, mend: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_key(key)
    assert caught.value.mend == mend


def test_a_source_nobody_foresaw_can_be_decided() -> None:
    stored = {"sources.gift_card": encode_setting(parse_setting("sources.gift_card", "on"))}
    assert merge_settings(Settings(), stored).sources["gift_card"] is OnOff.ON


def test_stored_values_lie_over_the_defaults_entry_by_entry() -> None:
    texts = {"tax": "hold", "sources.funnel": "off", "tax_codes.GST 5%": "5", "class": "Shop"}
    stored = {key: encode_setting(parse_setting(key, text)) for key, text in texts.items()}
    merged = merge_settings(Settings(numbers=Settings().numbers, department="North"), stored)
    assert merged.tax is TaxMode.HOLD
    assert merged.sources == Settings().sources | {"funnel": OnOff.OFF}
    assert merged.tax_codes == {"GST 5%": "5"}
    assert (merged.class_, merged.department) == ("Shop", "North")


def test_nothing_stored_is_the_defaults() -> None:
    assert merge_settings(Settings(department="x"), {}) == Settings(department="x")


def test_a_stored_value_of_another_release_is_named() -> None:
    with pytest.raises(ConfigError, match="tax: must be one of"):
        merge_settings(Settings(), {"tax": b'"perhaps"'})


def test_every_shown_setting_can_be_set_to_what_is_shown() -> None:
    for key, value in setting_values(Settings()).items():
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        merged = merge_settings(Settings(), {key: encode_setting(parse_setting(key, text))})
        assert merged == Settings(), key
