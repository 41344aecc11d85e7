"""The headers of order lines in further languages: it, pt, nl, pl, tr, ar, bn, hi, and more words of de, fr, es."""

from collections.abc import Mapping
from typing import Final

MORE_HEADERS: Final[Mapping[str, str]] = {
    "orderId": """
        Bestellungsnummer, Order-Nr, Vorgangsnummer, Rechnung Nr, n° de facture, facture, bon de commande, factura,
        orden de compra, numero d'ordine, n. ordine, nr ordine, num ordine, id ordine, codice ordine, numero fattura,
        n. fattura, fattura, número do pedido, nº do pedido, número da ordem, nº encomenda, encomenda, número da fatura,
        fatura, bestelnr, bestelling, ordernr, factuurnummer, factuurnr, numer zamówienia, nr zamówienia, zamówienie,
        id zamówienia, numer faktury, nr faktury, sipariş numarası, sipariş no, sipariş, sipariş kodu, fatura no,
        fatura numarası, رقم الطلب, رقم الطلبية, الطلب, رقم أمر الشراء, رقم الفاتورة, অর্ডার নম্বর, অর্ডার নং, অর্ডার আইডি,
        অর্ডার, ক্রয়াদেশ নম্বর, চালান নম্বর, ऑर्डर संख्या, ऑर्डर नंबर, ऑर्डर नं, ऑर्डर आईडी, ऑर्डर, आदेश संख्या, चालान संख्या
    """,
    "customerName": """
        Besteller, Rechnungsempfänger, nom de l'acheteur, destinataire, nombre de cliente, nome del cliente,
        ragione sociale, acquirente, azienda, committente, nome cliente, comprador, nome do comprador, razão social,
        empresa, naam klant, afnemer, koper, bedrijf, bedrijfsnaam, klient, nazwa klienta, nabywca, kupujący, firma,
        kontrahent, odbiorca, zamawiający, müşteri, müşteri adı, alıcı, alıcı adı, şirket, unvan, firma adı, العميل,
        اسم العميل, الزبون, اسم الزبون, المشتري, اسم المشتري, الشركة, اسم الشركة, গ্রাহক, গ্রাহকের নাম, ক্রেতা, ক্রেতার নাম,
        কাস্টমার, কাস্টমারের নাম, প্রতিষ্ঠান, ग्राहक, ग्राहक का नाम, ग्राहक नाम, खरीदार, क्रेता, कंपनी, कंपनी का नाम
    """,
    "customerCode": """
        Kundencode, Kundenkennung, Kontonummer, n° compte client, cuenta de cliente, código del cliente,
        id cliente, numero cliente, n. cliente, codice del cliente, nº do cliente, número do cliente, id do cliente,
        klantcode, klantnr, klant-id, debiteurnummer, debiteur, numer klienta, nr klienta, kod klienta, id klienta,
        kod kontrahenta, müşteri kodu, müşteri no, müşteri numarası, cari kod, cari kodu, رقم العميل, كود العميل,
        رمز العميل, رقم الزبون, গ্রাহক নম্বর, গ্রাহক আইডি, গ্রাহক কোড, ক্রেতা আইডি, ग्राहक संख्या, ग्राहक आईडी, ग्राहक कोड
    """,
    "customerEmail": """
        Mail, e-mail du client, dirección de correo, correo del cliente, indirizzo e-mail, email cliente, posta
        elettronica, e-mail do cliente, endereço de e-mail, correio eletrónico, correio eletrônico, e-mailadres klant,
        mailadres, adres e-mail, e-mail klienta, poczta elektroniczna, e-posta, e-posta adresi, eposta, müşteri e-posta,
        البريد الإلكتروني, البريد الالكتروني, بريد إلكتروني, الإيميل, ইমেইল, ই-মেইল, ইমেল,
        ইমেইল ঠিকানা, ईमेल, ई-मेल, ईमेल पता
    """,
    "customerPhone": """
        Telefon Kunde, Mobilnummer, mobile du client, n° tél, tél, número de móvil, numero di telefono, cellulare,
        recapito telefonico, telefone, número de telefone, telemóvel, celular do cliente, telefoonnummer, mobiel,
        telefon klienta, numer telefonu, nr telefonu, komórka, telefon numarası, telefon no, cep telefonu, gsm, الهاتف,
        رقم الهاتف, هاتف, الجوال, رقم الجوال, الموبايل, ফোন, ফোন নম্বর, মোবাইল, মোবাইল নম্বর, টেলিফোন, फ़ोन, फोन, फ़ोन नंबर,
        मोबाइल, मोबाइल नंबर, दूरभाष
    """,
    "customerAddress": """
        Straße und Ort, adresse postale, dirección postal, indirizzo cliente, indirizzo di fatturazione, indirizzo di
        spedizione, indirizzo di consegna, morada, morada de entrega, endereço do cliente, endereço de entrega, endereço
        de cobrança, klantadres, factuuradres, bezorgadres, afleveradres, verzendadres, adres klienta, adres dostawy,
        adres wysyłki, adres do faktury, adres, müşteri adresi, teslimat adresi, fatura adresi, العنوان, عنوان العميل,
        عنوان الشحن, عنوان التسليم, ঠিকানা, গ্রাহকের ঠিকানা, সরবরাহের ঠিকানা, ডেলিভারি ঠিকানা, पता, ग्राहक का पता, डिलीवरी पता
    """,
    "orderDate": """
        Bestellt am, Auftrag vom, commandé le, date d'émission, fecha de emisión, data dell'ordine, data d'ordine, data
        fattura, data di acquisto, data do pedido, data da encomenda, data da compra, data da fatura, orderdatum,
        datum, bestelling datum, aankoopdatum, factuurdatum, data zamówienia, data zakupu, data faktury, data
        wystawienia, sipariş tarihi, tarih, fatura tarihi, satış tarihi, التاريخ, تاريخ الطلب, تاريخ الشراء,
        تاريخ الفاتورة, তারিখ, অর্ডারের তারিখ, অর্ডার তারিখ, ক্রয়ের তারিখ, চালানের তারিখ, दिनांक, तारीख, ऑर्डर दिनांक,
        ऑर्डर की तारीख, चालान दिनांक
    """,
    "itemSku": """
        Artikel-ID, Warennummer, code barres, n° produit, código de barras, codice prodotto, cod. articolo,
        codice a barre, referência, código do artigo, cód. produto, artikelnummer, artikelcode, productcode,
        productnummer, streepjescode, kod produktu, kod towaru, numer artykułu, kod kreskowy, ürün kodu,
        stok kodu, malzeme kodu, barkod, كود المنتج, رمز المنتج, رقم الصنف, كود الصنف, رمز الصنف, الباركود, পণ্য কোড,
        পণ্যের কোড, আইটেম কোড, বারকোড, उत्पाद कोड, आइटम कोड, वस्तु कोड, बारकोड
    """,
    "itemDescription": """
        description de l'article, nom de l'article, descripción de producto, descrizione articolo,
        descrizione prodotto, articolo, prodotto, nome prodotto, descrição do produto, descrição do artigo, produto,
        nome do produto, artigo, artikelomschrijving, productomschrijving, productnaam, artikelnaam, opis, nazwa,
        nazwa produktu, nazwa towaru, produkt, towar, opis produktu, artykuł, ürün, ürün adı, ürün açıklaması,
        açıklama, malzeme adı, stok adı, المنتج, اسم المنتج, الصنف, اسم الصنف, وصف المنتج, الوصف, البيان, পণ্য, পণ্যের নাম,
        পণ্যের বিবরণ, বিবরণ, আইটেম, উত্পাদ, उत्पाद, उत्पाद का नाम, उत्पाद विवरण, विवरण, वस्तु, वस्तु का नाम, आइटम
    """,
    "quantity": """
        Menge bestellt, Anz, Stk, Stückz, nbre, quantités, cantidad vendida, q.tà, qta, qtà, quantità ordinata, pezzi,
        numero pezzi, qtd, qtde, qde, quantidade pedida, unidades, hoeveelheid, aantal stuks, stuks, besteld aantal,
        ilość, liczba sztuk, sztuk, sztuki, szt, miktar, adet, sipariş miktarı, الكمية, كمية, العدد,
        عدد القطع, পরিমাণ, সংখ্যা, মোট সংখ্যা, পিস, मात्रा, संख्या, नग
    """,
    "unitPrice": """
        Preis je Stück, Preis/Stück, EP, VK-Preis, prix à l'unité, precio por pieza, prezzo netto, prezzo di vendita,
        costo unitario, valor unitário, preço por unidade, preço de venda, vlr unitário, valor unit, eenheidsprijs,
        prijs per stuk, verkoopprijs, nettoprijs, cena, cena jednostkowa, cena netto, cena sprzedaży, birim fiyat,
        birim fiyatı, fiyat, satış fiyatı, السعر, سعر الوحدة, سعر, سعر البيع, ثمن الوحدة, একক মূল্য, মূল্য, দাম, একক দাম,
        প্রতি পিস মূল্য, इकाई मूल्य, मूल्य, कीमत, दर, प्रति इकाई मूल्य
    """,
    "taxRate": """
        Steuer %, taux de taxe, impuesto %, aliquota, % IVA, taxa de IVA, taxa de
        imposto, alíquota, btw-tarief, btw-percentage, stawka VAT, VAT %, stawka podatku,
        KDV, KDV %, KDV oranı, vergi oranı, نسبة الضريبة, ضريبة القيمة المضافة, করের হার, ভ্যাট,
        ভ্যাট হার, कर दर, कर की दर, जीएसटी, जीएसटी दर
    """,
    "currency": """
        Devisen, code monnaie, tipo de moneda, codice valuta, divisa, código da moeda, valutacode, munteenheid, waluta,
        kod waluty, para birimi, döviz, döviz cinsi, العملة, عملة, رمز العملة, মুদ্রা, কারেন্সি, मुद्रा, करेंसी
    """,
    "notes": """
        Notizen zur Bestellung, Hinweise, observations, observación, note ordine, commenti, commento, annotazioni,
        observações, comentários, observação, opmerkingen, notitie, notities, toelichting, uwagi, notatki, komentarz,
        komentarze, notlar, sipariş notu, açıklamalar, yorum, ملاحظات, ملاحظة, تعليق, تعليقات, মন্তব্য, নোট, টীকা,
        टिप्पणी, टिप्पणियाँ, नोट
    """,
}
