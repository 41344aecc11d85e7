"""Headers of eleven languages find their fields, and no word means two things by accident."""

from collections.abc import Iterator

import pytest

from tranche.imports.domain import Mapping
from tranche.imports.mapping import fold, match
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.headers import MORE_HEADERS

_CODE_OR_NAME = {"item", "product", "article"}  # a code beside a description, a description alone
_HEADERS = {
    "de": "Bestellnummer, Kunde, Kundennummer, E-Mail, Telefon, Anschrift, Bestelldatum, Artikelnummer, Bezeichnung,"
    "Menge, Einzelpreis, MwSt-Satz, Währung, Bemerkung",
    "fr": "N° de commande, Client, Code client, Courriel, Téléphone, Adresse, Date de commande, Référence, Désignation,"
    "Quantité, Prix unitaire, Taux de TVA, Devise, Remarques",
    "es": "Número de pedido, Cliente, Código cliente, Correo, Teléfono, Dirección, Fecha, Código, Descripción,"
    "Cantidad, Precio unitario, Tipo de IVA, Moneda, Observaciones",
    "it": "Numero ordine, Nome cliente, Codice cliente, Indirizzo e-mail, Telefono, Indirizzo, Data ordine,"
    "Codice articolo, Descrizione, Quantità, Prezzo unitario, Aliquota IVA, Valuta, Note",
    "pt": "Número do pedido, Nome do cliente, Código do cliente, E-mail do cliente, Telefone, Endereço, Data do pedido,"
    "Código do produto, Descrição, Quantidade, Preço unitário, Taxa de IVA, Moeda, Observações",
    "nl": "Bestelnummer, Klant, Klantnummer, E-mailadres, Telefoon, Adres, Besteldatum, Artikelnummer, Omschrijving,"
    "Aantal, Stukprijs, BTW, Valuta, Opmerkingen",
    "pl": "Numer zamówienia, Klient, Kod klienta, Adres e-mail, Telefon, Adres dostawy, Data zamówienia, Kod produktu,"
    "Nazwa produktu, Ilość, Cena jednostkowa, Stawka VAT, Waluta, Uwagi",
    "tr": "Sipariş No, Müşteri, Müşteri Kodu, E-posta, Telefon, Adres, Sipariş Tarihi, Ürün Kodu, Ürün Adı, Miktar,"
    "Birim Fiyat, KDV Oranı, Para Birimi, Açıklamalar",
    "ar": "رقم الطلب, اسم العميل, رقم العميل, البريد الإلكتروني, الهاتف, العنوان, تاريخ الطلب, رمز المنتج, اسم المنتج,"
    "الكمية, سعر الوحدة, نسبة الضريبة, العملة, ملاحظات",
    "bn": "অর্ডার নম্বর, গ্রাহকের নাম, গ্রাহক আইডি, ইমেইল, ফোন নম্বর, ঠিকানা, তারিখ, পণ্য কোড, পণ্যের নাম, পরিমাণ,"
    "একক মূল্য, করের হার, মুদ্রা, মন্তব্য",
    "hi": "ऑर्डर संख्या, ग्राहक का नाम, ग्राहक कोड, ईमेल, फ़ोन नंबर, पता, ऑर्डर दिनांक, उत्पाद कोड, उत्पाद का नाम, मात्रा,"
    "इकाई मूल्य, कर दर, मुद्रा, टिप्पणी",
}


@pytest.mark.parametrize("language", list(_HEADERS))
def test_a_whole_header_of_a_language_maps_by_itself(language: str) -> None:
    headers = [header.strip() for header in _HEADERS[language].split(",")]
    matching = match(headers, fields=ORDER_FIELDS, mapping=Mapping())
    assert [column.field for column in matching.columns] == [field.name for field in ORDER_FIELDS]
    assert matching.missing == ()


def _words() -> Iterator[tuple[str, str]]:
    for field in ORDER_FIELDS:
        for word in (field.name, field.label, *field.synonyms):
            yield fold(word), field.name


def test_no_word_means_two_fields_unless_it_is_meant_so() -> None:
    owners: dict[str, set[str]] = {}
    for word, name in _words():
        owners.setdefault(word, set()).add(name)
    assert "" not in owners
    assert {word for word, names in owners.items() if len(names) > 1} == _CODE_OR_NAME


@pytest.mark.parametrize(
    "header", ["Total", "Betrag", "Summe", "Montant", "Importe", "Kwota", "Tutar", "المبلغ", "Pos."]
)
def test_amounts_and_line_numbers_stay_extra(header: str) -> None:
    assert match([header], fields=ORDER_FIELDS, mapping=Mapping()).columns[0].field is None


def test_more_headers_are_of_fields_that_there_are() -> None:
    assert set(MORE_HEADERS) == {field.name for field in ORDER_FIELDS}
