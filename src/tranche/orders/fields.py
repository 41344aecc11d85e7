"""The fields of an order line, and the headers under which companies send them."""

from dataclasses import replace
from typing import Final

from tranche.imports.domain import Field, FieldKind, split_words
from tranche.orders.headers import MORE_HEADERS

_FIELDS: Final[tuple[Field, ...]] = (
    Field(
        "orderId",
        "Order number",
        split_words(
            """
            order no, order, order id, order nr, order num, order ref, order reference, order code, sales
            order, sales order no, sales order number, sales order id, so number, so no, invoice no, invoice
            number, invoice id, invoice nr, po number, po no, purchase order, purchase order number,
            transaction id, document no, document number, Bestellnummer, Bestellnr, Bestell-Nr,
            Auftragsnummer, Auftragsnr, Auftrags-Nr, Auftrag, Bestellung, Rechnungsnummer, Rechnungsnr,
            Belegnummer, Belegnr, numéro de commande, no commande, n° commande, n° de commande, num commande,
            commande, référence commande, réf commande, numéro de facture, n° facture, número de pedido, nº de
            pedido, nº pedido, num pedido, pedido, id pedido, número de orden, nº orden, orden, número de
            factura, nº factura, ordernummer, bestelnummer, numero ordine, ordine, número da encomenda
            """
        ),
        required=True,
        kind=FieldKind.IDENTIFIER,
    ),
    Field(
        "customerName",
        "Customer name",
        split_words(
            """
            customer, client, client name, buyer, buyer name, bill to, bill to name, sold to, sold to name,
            account name, company, company name, customer company, purchaser, Kunde, Kundenname, Name des
            Kunden, Käufer, Auftraggeber, Firma, Firmenname, nom du client, nom client, acheteur, société,
            raison sociale, cliente, nombre del cliente, nombre cliente, comprador, empresa, razón social,
            klant, klantnaam, nome cliente, nome do cliente
            """
        ),
    ),
    Field(
        "customerCode",
        "Customer code",
        split_words(
            """
            customer id, customer no, customer number, customer nr, customer ref, customer account, client id,
            client code, client no, client number, account no, account number, account code, account id, buyer
            id, cust id, cust no, cust code, sold to code, bill to code, Kundennummer, Kundennr, Kunden-Nr,
            Kunden-ID, Debitor, Debitorennummer, Debitorennr, code client, numéro client, numéro de client, n°
            client, id client, réf client, código de cliente, código cliente, número de cliente, nº cliente,
            id cliente, klantnummer, codice cliente, código do cliente
            """
        ),
        kind=FieldKind.IDENTIFIER,
    ),
    Field(
        "customerEmail",
        "Customer e-mail",
        split_words(
            """
            email, e-mail address, mail, mail address, email id, client email, buyer email, contact email,
            billing email, customer mail, customer e-mail address, E-Mail-Adresse, Mailadresse, Kunden-E-Mail,
            E-Mail des Kunden, courriel, adresse e-mail, adresse mail, mél, email du client, correo, correo
            electrónico, email del cliente, e-mailadres
            """
        ),
        kind=FieldKind.EMAIL,
    ),
    Field(
        "customerPhone",
        "Customer phone",
        split_words(
            """
            phone, phone no, phone number, telephone, telephone no, tel, tel no, mobile, mobile no, mobile
            number, mobile phone, cell, cell phone, contact no, contact number, contact phone, client phone,
            buyer phone, customer telephone, customer mobile, whatsapp, Telefon, Telefonnummer, Telefonnr,
            Handy, Handynummer, Mobil, Rufnummer, téléphone, numéro de téléphone, n° de téléphone, portable,
            téléphone client, teléfono, número de teléfono, móvil, celular, telefoon, telefono
            """
        ),
    ),
    Field(
        "customerAddress",
        "Customer address",
        split_words(
            """
            address, full address, postal address, billing address, bill to address, shipping address, ship to
            address, ship to, delivery address, client address, buyer address, street address, mailing
            address, Adresse, Anschrift, Kundenadresse, Rechnungsadresse, Lieferadresse, Rechnungsanschrift,
            Lieferanschrift, adresse du client, adresse client, adresse de facturation, adresse de livraison,
            dirección, dirección del cliente, dirección de facturación, dirección de envío, domicilio, adres,
            indirizzo, endereço
            """
        ),
    ),
    Field(
        "orderDate",
        "Order date",
        split_words(
            """
            date, date of order, ordered on, ordered at, order time, order placed, placed on, purchase date,
            sale date, sales date, invoice date, transaction date, document date, created at, created on, date
            time, Bestelldatum, Auftragsdatum, Datum, Rechnungsdatum, Belegdatum, Kaufdatum, date de commande,
            date commande, date de la commande, date d'achat, date de facture, date facture, fecha, fecha de
            pedido, fecha del pedido, fecha de orden, fecha de compra, fecha de factura, fecha factura,
            besteldatum, orderdatum, data ordine, data
            """
        ),
        kind=FieldKind.DATE,
    ),
    Field(
        "itemSku",
        "Item SKU",
        split_words(
            """
            sku, sku code, item code, item no, item number, item id, product code, product id, product no,
            product number, product sku, stock code, stock no, stock id, stock item, article no, article
            number, article code, article id, part no, part number, part code, material no, material number,
            material code, barcode, ean, gtin, upc, asin, Artikelnummer, Artikelnr, Artikel-Nr, Art-Nr,
            Artikelcode, Produktnummer, Produktnr, Materialnummer, Sachnummer, référence, référence article,
            réf article, code article, code produit, référence produit, n° article, código, código de
            artículo, código artículo, código de producto, código producto, referencia, ref producto, codice
            articolo, código do produto, item, product, article
            """
        ),
        kind=FieldKind.IDENTIFIER,
    ),
    Field(
        "itemDescription",
        "Item description",
        split_words(
            """
            description, item name, product, product name, product description, product title, title, article,
            article name, article description, goods, goods description, line description, material
            description, item desc, product desc, desc, service, Beschreibung, Bezeichnung, Artikel,
            Artikelbezeichnung, Artikelname, Artikelbeschreibung, Produkt, Produktname, Produktbezeichnung,
            Ware, Warenbezeichnung, désignation, libellé, produit, nom du produit, désignation article,
            libellé article, description du produit, descripción, producto, nombre del producto, nombre
            producto, artículo, descripción del producto, descripción del artículo, concepto, omschrijving,
            descrizione, descrição, item
            """
        ),
    ),
    Field(
        "quantity",
        "Quantity",
        split_words(
            """
            qty, quant, order quantity, order qty, ordered quantity, ordered qty, quantity ordered, qty
            ordered, item quantity, item qty, line quantity, line qty, units, unit count, no of units, number
            of units, pieces, pcs, count, units sold, quantity sold, Menge, Anzahl, Stückzahl, Stück,
            Bestellmenge, Auftragsmenge, Mengen, quantité, qté, qte, nombre, nb, quantité commandée, qté
            commandée, cantidad, cant, unidades, cantidad pedida, uds, aantal, quantità, quantidade
            """
        ),
        required=True,
        kind=FieldKind.DECIMAL,
    ),
    Field(
        "unitPrice",
        "Unit price",
        split_words(
            """
            price, price each, price per unit, unit amount, item price, product price, sale price, sales
            price, selling price, net price, unit net price, net unit price, list price, unit price net, price
            per piece, Preis, Einzelpreis, Stückpreis, Preis pro Stück, Nettopreis, Verkaufspreis, E-Preis,
            prix, prix unitaire, prix unitaire HT, PU, PU HT, prix HT, prix de vente, precio, precio unitario,
            precio unidad, precio por unidad, precio de venta, prijs, stukprijs, prezzo, prezzo unitario,
            preço, preço unitário
            """
        ),
        required=True,
        kind=FieldKind.DECIMAL,
    ),
    Field(
        "taxRate",
        "Tax rate",
        split_words(
            """
            tax %, tax percent, tax percentage, vat, vat %, vat rate, vat percent, vat percentage, sales tax
            rate, sales tax %, gst, gst %, gst rate, tax, MwSt, MwSt-Satz, MwSt %, USt, USt-Satz, USt %,
            Steuersatz, Mehrwertsteuer, Mehrwertsteuersatz, Umsatzsteuersatz, TVA, taux de TVA, taux TVA, TVA
            %, IVA, IVA %, tipo de IVA, tasa de IVA, tasa de impuesto, BTW, BTW %, aliquota IVA
            """
        ),
        kind=FieldKind.PERCENT,
    ),
    Field(
        "currency",
        "Currency",
        split_words(
            """
            currency code, curr, ccy, cur, currency iso, order currency, price currency, invoice currency,
            Währung, Währungscode, Waehrung, devise, code devise, monnaie, moneda, divisa, código de moneda,
            valuta, moeda
            """
        ),
        kind=FieldKind.CURRENCY,
    ),
    Field(
        "notes",
        "Notes",
        split_words(
            """
            note, remark, remarks, comment, comments, order notes, order note, order comment, memo,
            instructions, special instructions, delivery notes, customer note, customer notes, Notiz, Notizen,
            Bemerkung, Bemerkungen, Kommentar, Hinweis, Anmerkung, Anmerkungen, remarque, remarques,
            commentaire, commentaires, nota, notas, observaciones, observación, comentario, comentarios,
            opmerking, opmerkingen, osservazioni
            """
        ),
    ),
)

ORDER_FIELDS: Final = tuple(
    replace(field, synonyms=(*field.synonyms, *split_words(MORE_HEADERS[field.name]))) for field in _FIELDS
)
