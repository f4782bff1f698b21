import BusTopology
import Testing

/// Where web processes listen.
struct ListenAddressTests {
  @Test(arguments: [
    "127.0.0.1:8080", "0.0.0.0:0", "[::1]:8080", "[fe80::1]:65535", "unix:/run/shop/web.socket", "http=127.0.0.1:80",
    "a.b-c_1=unix:/x=y", "unix:/a=b",
  ])
  func `EH16 an address comes back as it was written`(text: String) throws {
    let address = try #require(ListenAddress(text))
    #expect(address.description == text)
    #expect(ListenAddress.problem(with: text) == nil)
  }

  @Test(arguments: [
    ("", "must be ADDRESS:PORT or unix:PATH: for example '127.0.0.1:8080'"),
    ("8080", "must be ADDRESS:PORT or unix:PATH: for example '127.0.0.1:8080'"),
    ("localhost:8080", "must begin with a numeric address: write '127.0.0.1:8080'"),
    (
      ":80",
      "must begin with a numeric address: write '0.0.0.0:80' for all addresses of version 4, '[::]:80' for those "
        + "of version 6"
    ),
    ("::1:80", "must begin with a numeric address: write '[::1]:80'"),
    ("1.2.3.256:80", "must begin with a numeric address: for example '127.0.0.1:8080'"),
    ("127.0.0.1:65536", "must end in a port from 0 to 65535: 0 lets the system choose one"),
    ("127.0.0.1:", "must end in a port from 0 to 65535: 0 lets the system choose one"),
    ("127.0.0.1:-1", "must end in a port from 0 to 65535: 0 lets the system choose one"),
    ("unix:web", "must have a path from the root without blanks: for example 'unix:/run/shop/web.socket'"),
    ("a b=1.2.3.4:5", "must have a name of letters, digits, _ . or - before the =: for example 'http=127.0.0.1:8080'"),
    ("=1.2.3.4:5", "must have a name of letters, digits, _ . or - before the =: for example 'http=127.0.0.1:8080'"),
  ])
  func `what is no address is said`(text: String, problem: String) {
    #expect(ListenAddress(text) == nil)
    #expect(ListenAddress.problem(with: text) == problem)
  }

  @Test func `EH16 an engine's addresses stand in its workers section`() throws {
    let text = """
      version: 1
      engines:
        shop:
          binary: shop
          workers: { listen: ["127.0.0.1:8080", "admin=unix:/run/shop.socket"] }
      """
    let topology = try Topology(parsing: text, file: "f")
    let expected = [
      ListenAddress(.inet(host: "127.0.0.1", port: 8080)),
      ListenAddress(name: "admin", .unix(path: "/run/shop.socket")),
    ]
    #expect(topology.engines[0].workers.listen == expected)
    let again = try Topology(parsing: TopologyText.yaml(topology), file: "f")
    #expect(again.engines[0].workers == topology.engines[0].workers)
    let error = #expect(throws: TopologyError.self) {
      try Topology(parsing: text.replacing("127.0.0.1", with: "localhost"), file: "f")
    }
    #expect(error?.description.contains("an address must begin with a numeric address") == true)
  }
}
