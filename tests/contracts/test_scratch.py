"""scratch"""
def test_it(live):
    print(live.url, live.client.get("/api/orders/batches").text)
    r = live.client.post("/api/orders/upload", files={"file": ("a.csv", b"orderId,customer,qty,price\nA1,Bob,1,2\nA2,Bob,0,3\n")})
    print(r.status_code, r.headers, r.text)
    print(live.wait(r.json()["operationId"]))
    print(live.client.get(r.headers["location"]).text)
def test_it2(live):
    pass
