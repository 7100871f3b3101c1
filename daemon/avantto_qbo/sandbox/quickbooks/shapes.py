"""The members each entity has, with their kinds, after Intuit's published schema (Finance.xsd).

A kind is a scalar (text, flag, number, date, enum, any) or the name of another shape, with `[]` for a list of it.
"""

from __future__ import annotations

from collections.abc import Mapping

Shape = dict[str, str]

ENUMERATIONS: Mapping[str, frozenset[str]] = {
    "EmailStatus": frozenset({"NotSet", "NeedToSend", "EmailSent"}),
    "PrintStatus": frozenset({"NotSet", "NeedToPrint", "PrintComplete"}),
    "GlobalTaxCalculation": frozenset({"TaxExcluded", "TaxInclusive", "NotApplicable"}),
    "DetailType": frozenset(
        {"SalesItemLineDetail", "DescriptionOnly", "DiscountLineDetail", "SubTotalLineDetail", "TaxLineDetail"}
        | {"GroupLineDetail", "PaymentLineDetail"}
    ),
}


def _shape(*groups: Mapping[str, str]) -> Shape:
    return {name: kind for group in groups for kind, names in group.items() for name in names.split()}


_ANY = {"any": "MetaData CustomField AttachableRef"}
_OBJECT = {"text": "Id SyncToken domain status", "flag": "sparse", **_ANY}
_PERSON = {
    "text": "IntuitId Title GivenName MiddleName FamilyName Suffix FullyQualifiedName CompanyName DisplayName"
    " PrintOnCheckName UserId V4IDPseudonym ContactName AltContactName Notes Source",
    "flag": "Organization Active",
    "Phone": "PrimaryPhone AlternatePhone Mobile Fax",
    "Email": "PrimaryEmailAddr",
    "Web": "WebAddr",
    "Ref": "DefaultTaxCodeRef",
    "any": "OtherContactInfo OtherAddr",
}
_CUSTOMER = {
    "text": "AcctNum PreferredDeliveryMethod ResaleNum SecondaryTaxIdentifier PrimaryTaxIdentifier"
    " TaxExemptionReasonId BusinessNumber GSTIN GSTRegistrationType ClientCompanyId ClientEntityId TaxRegime",
    "flag": "Taxable Job BillWithParent TDSEnabled IsProject IsCISContractor",
    "number": "Level Balance BalanceWithJobs CreditLimit OverDueBalance TotalRevenue TotalExpense",
    "date": "OpenBalanceDate",
    "Address": "BillAddr ShipAddr",
    "Ref": "RootCustomerRef ParentRef CustomerTypeRef SalesTermRef SalesRepRef TaxGroupCodeRef TaxRateRef"
    " PaymentMethodRef PriceLevelRef CurrencyRef ARAccountRef",
    "any": "CCDetail JobInfo CustomerEx",
}
_VENDOR = {
    "text": "TaxCountry TaxIdentifier BusinessNumber AcctNum TaxReportingBasis GSTIN GSTRegistrationType"
    " SubcontractorType CISRate CompanyRegistrationNumber",
    "flag": "Vendor1099 T4AEligible T5018Eligible TDSEnabled TDSOverrideThreshold IsSubContractor HasTPAR",
    "number": "Balance BillRate CreditLimit TDSEntityTypeId TDSSectionTypeId CostRate",
    "date": "TaxIdEffectiveDate OpenBalanceDate",
    "Address": "BillAddr ShipAddr",
    "Ref": "ParentRef VendorTypeRef TermRef PrefillAccountRef CurrencyRef APAccountRef",
    "any": "VendorEx VendorPaymentBankDetail",
}
_EMPLOYEE = {
    "text": "EmployeeType EmployeeNumber SSN Gender UseTimeEntry",
    "flag": "BillableTime",
    "number": "BillRate CostRate",
    "date": "BirthDate HiredDate ReleasedDate",
    "Address": "PrimaryAddr",
    "any": "EmployeeEx",
}
_TRANSACTION = {
    "text": "DocNumber TxnSubType PrivateNote TxnStatus TxnSource TaxFormType TaxFormNum TransactionLocationType",
    "date": "TxnDate",
    "number": "ExchangeRate TotalCostAmount HomeTotalCostAmount TotalAmt",
    "Ref": "DepartmentRef CurrencyRef RecurDataRef ProjectRef CustomerRef RemitToRef ARAccountRef DepositToAccountRef"
    " PaymentMethodRef TaxExemptionRef",
    "Link[]": "LinkedTxn",
    "Line[]": "Line",
    "Tax": "TxnTaxDetail",
    "any": "Tag TxnApprovalInfo RecurringInfo CheckPayment CreditCardPayment",
}
_TENDER = {"text": "PaymentRefNum PaymentType"}
_SALES = {
    "text": "PONumber FOB TrackingNum GovtTxnRefIdentifier Exportation",
    "enum": "GlobalTaxCalculation PrintStatus EmailStatus",
    "flag": "AutoDocNumber FreeFormAddress ApplyTaxAfterDiscount ShippingTaxIncludedInTotalTax FinanceCharge",
    "date": "DueDate ShipDate",
    "number": "HomeTotalAmt Balance HomeBalance DiscountRate DiscountAmt LessCIS",
    "Memo": "CustomerMemo",
    "Email": "BillEmail BillEmailCc BillEmailBcc",
    "Address": "BillAddr ShipAddr ShipFromAddr",
    "Ref": "ClassRef SalesTermRef SalesRepRef ShipMethodRef TemplateRef",
    "any": "DeliveryInfo GlobalInfo CfdiUse",
}
_INVOICE = {
    "text": "EInvoiceStatus ECloudStatusTimeStamp invoiceStatus callToAction InvoiceLink PaymentDetailsMessage"
    " InvoiceLinkSecurityCode ScheduledPaymentId FinancingProductType SubscriptionPaymentsSetting",
    "number": "Deposit",
    "date": "InvoiceLinkExpiryDate",
    "flag": "AllowIPNPayment AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment"
    " AllowOnlinePayPalPayment AllowOnlineAffirmPayment AutoPayEligible SchedulePayEligible GratuityEnabled",
    "any": "InvoiceEx invoiceStatusLog ConvenienceFeeDetail EnabledSurchargeInfo TxnRetainageDetail",
}
_PAYMENT = {"number": "UnappliedAmt", "flag": "ProcessPayment", "text": "PaymentExtendedType", "any": "PaymentEx"}
_NAMED = {"text": "Name Description FullyQualifiedName", "flag": "Active", "Ref": "ParentRef", "number": "Level"}
_ITEM = {
    "text": "Sku Type PurchaseDesc ManPartNum SpecialItemType ServiceType ItemCategoryType UQCDisplayText UQCId Source",
    "flag": "SubItem Taxable SalesTaxIncluded PercentBased PurchaseTaxIncluded TrackQtyOnHand PrintGroupedItems"
    " SpecialItem DeferredRevenue",
    "number": "UnitPrice RatePercent PurchaseCost AvgCost QtyOnHand QtyOnPurchaseOrder QtyOnSalesOrder ReorderPoint"
    " BuildPoint AbatementRate ReverseChargeRate",
    "date": "InvStartDate",
    "Ref": "PaymentMethodRef UOMSetRef IncomeAccountRef ExpenseAccountRef COGSAccountRef AssetAccountRef"
    " PrefVendorRef DepositToAccountRef SalesTaxCodeRef PurchaseTaxCodeRef TaxClassificationRef ClassRef",
    "any": "ItemGroupDetail ItemAssemblyDetail ItemEx CustomExtensions",
}
_ACCOUNT = {
    "text": "AccountAlias TxnLocationType Classification AccountType AccountSubType AcctNum AcctNumExtn BankNum FIName",
    "flag": "SubAccount TaxAccount OnlineBankingEnabled",
    "number": "OpeningBalance CurrentBalance CurrentBalanceWithSubAccounts",
    "date": "OpeningBalanceDate",
    "Ref": "CurrencyRef TaxCodeRef JournalCodeRef",
    "any": "AccountPurposes AccountEx",
}
_TERM = {
    "text": "Type",
    "number": "DiscountPercent DueDays DiscountDays DayOfMonthDue DueNextMonthDays DiscountDayOfMonth",
    "any": "SalesTermEx",
}

SHAPES: Mapping[str, Shape] = {
    "Customer": _shape(_OBJECT, _PERSON, _CUSTOMER),
    "Vendor": _shape(_OBJECT, _PERSON, _VENDOR),
    "Employee": _shape(_OBJECT, _PERSON, _EMPLOYEE),
    "Invoice": _shape(_OBJECT, _TRANSACTION, _SALES, _TENDER, _INVOICE),
    "SalesReceipt": _shape(_OBJECT, _TRANSACTION, _SALES, _TENDER, {"any": "SalesReceiptEx"}),
    "RefundReceipt": _shape(
        _OBJECT, _TRANSACTION, _SALES, _TENDER, {"number": "RemainingCredit", "any": "RefundReceiptEx"}
    ),
    "CreditMemo": _shape(
        _OBJECT,
        _TRANSACTION,
        _SALES,
        _TENDER,
        {"number": "RemainingCredit", "Ref": "InvoiceRef", "any": "CreditMemoEx"},
    ),
    "Payment": _shape(_OBJECT, _TRANSACTION, _TENDER, _PAYMENT),
    "Item": _shape(_OBJECT, _NAMED, _ITEM),
    "Account": _shape(_OBJECT, _NAMED, _ACCOUNT),
    "PaymentMethod": _shape(_OBJECT, _NAMED, {"text": "Type"}),
    "Term": _shape(_OBJECT, _NAMED, _TERM),
    "Class": _shape(_OBJECT, _NAMED, {"flag": "SubClass"}),
    "Department": _shape(_OBJECT, _NAMED, {"flag": "SubDepartment", "Address": "Address"}),
    "Ref": _shape({"text": "value name type"}),
    "Email": _shape({"text": "Id Address Tag", "flag": "Default"}),
    "Phone": _shape({"text": "Id DeviceType CountryCode AreaCode ExchangeCode Extension FreeFormNumber Tag"}),
    "Web": _shape({"text": "Id URI Tag"}),
    "Memo": _shape({"text": "value id"}),
    "Address": _shape(
        {"text": "Id Line1 Line2 Line3 Line4 Line5 City Country CountryCode CountrySubDivisionCode PostalCode"},
        {"text": "PostalCodeSuffix Lat Long Tag Note CountyCode"},
    ),
    "Link": _shape({"text": "TxnId TxnType TxnLineId"}),
    "Tax": _shape(
        {"Ref": "DefaultTaxCodeRef TxnTaxCodeRef", "number": "TotalTax", "text": "TaxReviewStatus"},
        {"Line[]": "TaxLine", "flag": "UseAutomatedSalesTax"},
    ),
    "Line": _shape(
        {"text": "Id Description", "number": "LineNum Amount Received CostAmount HomeCostAmount", "enum": "DetailType"},
        {"Link[]": "LinkedTxn", "Ref": "ProjectRef", "SalesDetail": "SalesItemLineDetail"},
        {
            "DiscountDetail": "DiscountLineDetail",
            "TaxDetail": "TaxLineDetail",
            "DescriptionDetail": "DescriptionLineDetail",
        },
        {"any": "SubTotalLineDetail GroupLineDetail PaymentLineDetail LineEx CustomField CustomExtensions"},
    ),
    "SalesDetail": _shape(
        {
            "Ref": "ItemRef ClassRef PriceLevelRef UOMRef ItemAccountRef InventorySiteRef TaxCodeRef"
            " TaxClassificationRef"
        },
        {"number": "UnitPrice UnitCostPrice RatePercent Qty TaxInclusiveAmt DiscountRate DiscountAmt RetainageAmount"},
        {"date": "ServiceDate", "flag": "DeferredRevenue", "any": "MarkupInfo SalesItemLineDetailEx"},
    ),
    "DiscountDetail": _shape(
        {"Ref": "DiscountRef DiscountAccountRef ClassRef TaxCodeRef", "flag": "PercentBased"},
        {"number": "DiscountPercent", "date": "ServiceDate", "any": "Discount DiscountLineDetailEx"},
    ),
    "TaxDetail": _shape(
        {"Ref": "TaxRateRef", "flag": "PercentBased", "date": "ServiceDate", "any": "TaxLineDetailEx"},
        {"number": "TaxPercent NetAmountTaxable TaxInclusiveAmount OverrideDeltaAmount"},
    ),
    "DescriptionDetail": _shape({"date": "ServiceDate", "Ref": "TaxCodeRef", "any": "DescriptionLineDetailEx"}),
}
