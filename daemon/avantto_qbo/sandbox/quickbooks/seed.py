"""What a new company holds: a chart of accounts, items, tax codes, payment methods, terms, preferences."""

from __future__ import annotations

from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.taxtables import PSEUDO, TABLES, CodeRow, RateRow, TaxTable

SERVICES_INCOME, PRODUCT_INCOME, UNDEPOSITED, CHECKING, DISCOUNTS, TAX_PAYABLE, RECEIVABLE, SAVINGS, CARD_CLEARING = (
    "1", "2", "3", "4", "5", "6", "7", "8", "9",
)  # fmt: skip
SERVICES, HOURS = "1", "2"
AST_CODE, AST_RATE = "2", "1"
_CHART = (
    ("Services", "Income", "ServiceFeeIncome", "Revenue"),
    ("Sales of Product Income", "Income", "SalesOfProductIncome", "Revenue"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds", "Asset"),
    ("Checking", "Bank", "Checking", "Asset"),
    ("Discounts given", "Income", "DiscountsRefundsGiven", "Revenue"),
    ("Sales Tax Payable", "Other Current Liability", "GlobalTaxPayable", "Liability"),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", "Asset"),
    ("Savings", "Bank", "Savings", "Asset"),
    ("Card Clearing", "Other Current Asset", "OtherCurrentAssets", "Asset"),
)
_ITEMS = (("Services", SERVICES_INCOME), ("Hours", SERVICES_INCOME))
_METHODS = (("Cash", "NON_CREDIT_CARD"), ("Check", "NON_CREDIT_CARD"), ("Credit Card", "CREDIT_CARD"))
_TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30))
_AUTOMATED = (CodeRow(AST_CODE, "Automated Sales Tax", (AST_RATE,)),)


def plant(company: Company) -> None:
    """Fill a new company; nothing is announced."""
    _plant_accounts(company)
    for name, account in _ITEMS:
        company.insert("Item", _item(company, name, account))
    for name, kind in _METHODS:
        company.insert("PaymentMethod", {"Name": name, "Type": kind, "Active": True})
    for name, days in _TERMS:
        company.insert("Term", {"Name": name, "DueDays": days, "Type": "STANDARD", "Active": True})
    _plant_taxes(company)
    company.insert("CompanyInfo", _company_info(company))
    company.insert("Preferences", preferences(company))
    company.take_changes()


def _plant_accounts(company: Company) -> None:
    currency = {"value": company.locale.currency, "name": company.locale.currency_name}
    for name, kind, subtype, classification in _CHART:
        account = {
            "Name": name,
            "FullyQualifiedName": name,
            "Active": True,
            "SubAccount": False,
            "CurrentBalance": ZERO,
        }
        types = {"AccountType": kind, "AccountSubType": subtype, "Classification": classification}
        company.insert("Account", {**account, **types, "CurrencyRef": currency})


def _item(company: Company, name: str, account: str) -> Json:
    income = company.find("Account", account) or {}
    return {
        "Name": name,
        "FullyQualifiedName": name,
        "Active": True,
        "Type": "Service",
        "Taxable": False,
        "UnitPrice": ZERO,
        "TrackQtyOnHand": False,
        "IncomeAccountRef": {"value": account, "name": income["Name"]},
    }


def _plant_taxes(company: Company) -> None:
    if not company.knobs.sales_tax:
        return
    automated = TaxTable((RateRow(AST_RATE, "State and local", company.knobs.tax_rate),), (*PSEUDO, *_AUTOMATED))
    table = TABLES.get(company.kind, automated)
    for row in table.rates:
        plant_rate(company, row)
    for code in table.codes:
        plant_code(company, code)


def plant_rate(company: Company, row: RateRow) -> None:
    """Add a tax rate."""
    rate = {"Name": row.name, "Description": row.name, "Active": True, "RateValue": Decimal(row.percent)}
    company.insert("TaxRate", {**rate, "AgencyRef": {"value": "1"}, "DisplayType": "ReadOnly"}, row.id)


def plant_code(company: Company, row: CodeRow) -> Json:
    """Add a tax code over rates that exist and return it."""
    return company.insert("TaxCode", _tax_code(row.name, row.rates), row.id)


def _tax_code(name: str, rates: tuple[str, ...]) -> Json:
    details = [
        {"TaxRateRef": {"value": rate}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}
        for order, rate in enumerate(rates)
    ]
    return {
        "Name": name,
        "Description": name,
        "Active": True,
        "Hidden": False,
        "Taxable": name != "NON",
        "TaxGroup": bool(rates),
        "SalesTaxRateList": {"TaxRateDetail": details},
        "PurchaseTaxRateList": {"TaxRateDetail": []},
    }


def _company_info(company: Company) -> Json:
    return {
        "CompanyName": company.name,
        "LegalName": company.name,
        "Country": company.locale.country,
        "DefaultTimeZone": company.locale.zone,
        "FiscalYearStartMonth": "January",
        "SupportedLanguages": "en",
        "NameValue": [
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
    }


def preferences(company: Company) -> Json:
    """Return the Preferences object that shows how the company's knobs are turned."""
    knobs = company.knobs
    sales: Json = {
        "CustomTxnNumbers": knobs.custom_txn_numbers,
        "AllowDiscount": knobs.allow_discount,
        "AllowDeposit": False,
        "AllowServiceDate": True,
        "AllowShipping": False,
        "AutoApplyCredit": knobs.auto_apply_credit,
        "AutoApplyPayments": False,
        "ETransactionPaymentEnabled": False,
        "DefaultDiscountAccount": DISCOUNTS,
        "DefaultTerms": {"value": "3"},
    }
    if knobs.default_item:
        sales["DefaultItem"] = {"value": knobs.default_item}
    accounting: Json = {
        "ClassTrackingPerTxn": knobs.class_tracking and knobs.class_per != "line",
        "ClassTrackingPerTxnLine": knobs.class_tracking and knobs.class_per != "transaction",
        "TrackDepartments": knobs.department_tracking,
    }
    if knobs.close_books is not None:
        accounting["BookCloseDate"] = knobs.close_books.isoformat()
    tax: Json = {"UsingSalesTax": knobs.sales_tax}
    if company.locale.tax == "automated" and knobs.sales_tax:
        tax["PartnerTaxEnabled"] = True
        tax["TaxGroupCodeRef"] = {"value": AST_CODE}
    currency = {"MultiCurrencyEnabled": knobs.multicurrency, "HomeCurrency": {"value": company.locale.currency}}
    return {"SalesFormsPrefs": sales, "AccountingInfoPrefs": accounting, "TaxPrefs": tax, "CurrencyPrefs": currency}
