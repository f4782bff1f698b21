import BusProtocol
import Foundation
import Testing

@testable import BusSigning

/// Signatures of events: the vectors of RFC 8032, and what no changed bit gets past.
struct SignatureTests {
  /// Seed, public key, message, signature: RFC 8032 §7.1, tests 1 to 3 and SHA(abc).
  static let vectors = [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    ),
    (
      "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
    ),
  ]

  static func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).compactMap { place in
      UInt8(hex.dropFirst(place).prefix(2), radix: 16)
    }
  }

  static func key(_ name: Name = "account", _ vector: Int = 0) throws -> SigningKey {
    try SigningKey.ofSeed(bytes(vectors[vector].0), for: name)
  }

  /// An event with all that can be signed.
  static func event(_ data: String = #"{"id":42}"#) -> Event {
    Event(
      id: EventID(high: 7, low: 9), topic: "user_changed", data: Array(data.utf8),
      time: Timestamp(microseconds: 1_800_000_000_000_000), publisher: PublisherID(high: 3, low: 4),
      publisherSequence: 5,
      headers: EventHeaders(source: "account/web-1", context: ["tenant": 7], contentType: "application/json"))
  }

  static func signed(_ key: SigningKey) throws -> [UInt8] {
    var event = event()
    try key.sign(&event)
    var bytes: [UInt8] = []
    try Record.append(event, to: &bytes)
    return bytes
  }

  @Test(arguments: vectors.indices) func `the vectors of RFC 8032 hold`(_ index: Int) throws {
    let (_, publicKey, message, signature) = Self.vectors[index]
    let key = try Self.key("account", index)
    #expect(key.verifyingKey.bytes == Self.bytes(publicKey))
    // The library may add chance to a signature: what counts is that each half takes what the other one made.
    #expect(key.verifyingKey.isSignature(Self.bytes(signature), of: Self.bytes(message)))
    #expect(key.verifyingKey.isSignature(try key.signature(of: Self.bytes(message)), of: Self.bytes(message)))
    var wrong = Self.bytes(signature)
    wrong[0] ^= 1
    #expect(!key.verifyingKey.isSignature(wrong, of: Self.bytes(message)))
    #expect(!key.verifyingKey.isSignature(Self.bytes(signature), of: Self.bytes(message) + [0]))
  }

  @Test func `S3-8 a signature that is copied to the next record signs nothing there`() throws {
    let key = try Self.key()
    var first = Self.event()
    try key.sign(&first)
    var second = first
    second.publisherSequence += 1
    var bytes: [UInt8] = []
    try Record.append(first, to: &bytes)
    try Record.append(second, to: &bytes)
    let signers = Signers([key.verifyingKey])
    #expect(try Record.events(bytes).map { signers.check($0) } == [.genuine("account"), .forged("account")])
  }

  @Test func `S3-8 an event that was signed is known by its signer wherever its record is read`() throws {
    let key = try Self.key()
    let event = try Record.event(try Self.signed(key))
    #expect(event.headers.signature?.signer == "account" && event.signer == nil, "said, and not yet verified")
    let signers = Signers([key.verifyingKey])
    #expect(signers.check(event) == .genuine("account"))
    #expect(signers.verified(event).signer == "account")
    #expect(Signers().check(event) == .unknown("account"))
    #expect(Signers([try Self.key("account", 1).verifyingKey]).check(event) == .forged("account"))
    #expect(signers.check(Self.event()) == .unsigned && signers.verified(Self.event()).signer == nil)
    // What busd stamps is not under the signature; the record goes on byte by byte, or written anew.
    var stamped = event
    (stamped.offset, stamped.sequence, stamped.recordedAt) = (Offset(9), 3, event.time + .seconds(1))
    var bytes: [UInt8] = []
    try Record.append(stamped, to: &bytes)
    #expect(signers.check(try Record.event(bytes)) == .genuine("account"))
  }

  @Test func `S3-8 no part of an event can be changed under its signature`() throws {
    let key = try Self.key()
    let signers = Signers([key.verifyingKey])
    let event = try Record.event(try Self.signed(key))
    let changes: [(inout Event) -> Void] = [
      { $0.id = EventID(high: 7, low: 10) }, { $0.topic = "user_deleted" }, { $0.data[2] ^= 1 }, { $0.data.append(32) },
      { $0.time = $0.time + .microseconds(1) }, { $0.publisher = PublisherID(high: 3, low: 5) },
      { $0.publisherSequence += 1 }, { $0.headers.source = "account/web-2" }, { $0.headers.context = ["tenant": 8] },
      { $0.headers.context = nil }, { $0.headers.contentType = nil },
      { $0.headers.correlation = CorrelationID(high: 1, low: 1) },
      { $0.headers.causation = .event(EventID(high: 1, low: 1)) },
    ]
    for (number, change) in changes.enumerated() {
      var changed = event
      change(&changed)
      var bytes: [UInt8] = []
      try Record.append(changed, to: &bytes)
      #expect(signers.check(try Record.event(bytes)) == .forged("account"), "change \(number)")
    }
    // Two signers with their names changed for each other.
    let other = try Self.key("search", 1)
    var bytes: [UInt8] = []
    var renamed = event
    renamed.headers.signature = EventSignature(signer: "search", bytes: event.headers.signature?.bytes ?? [])
    try Record.append(renamed, to: &bytes)
    #expect(Signers([key.verifyingKey, other.verifyingKey]).check(try Record.event(bytes)) == .forged("search"))
  }

  @Test func `each flipped bit of a signed record is refused or forged, and none is genuine`() throws {
    let key = try Self.key()
    let signers = Signers([key.verifyingKey])
    let record = try Self.signed(key)
    let header = try RecordHeader(record.span.bytes)
    for place in RecordHeader.byteCount..<RecordHeader.byteCount + header.bodyByteCount {
      for bit in 0..<8 {
        var bytes = record
        bytes[place] ^= 1 << UInt8(bit)
        // Whoever changes a body makes its checksum fit.
        var changed = header
        changed.bodyChecksum = Checksum.crc32c(
          bytes.span.bytes.extracting(RecordHeader.byteCount..<RecordHeader.byteCount + header.bodyByteCount))
        var span = bytes.mutableSpan
        var raw = span.mutableBytes
        changed.write(to: &raw)
        guard let event = try? Record.event(bytes) else { continue }
        if case .genuine = signers.check(event) { Issue.record("bit \(bit) of byte \(place) went unseen") }
      }
    }
  }

  @Test func `a signature that is cut short, or that a header stands behind, is no record`() throws {
    let key = try Self.key()
    var event = Self.event()
    try key.sign(&event)
    var bytes: [UInt8] = []
    try event.headers.append(to: &bytes)
    #expect(try EventHeaders(bytes[...]).signature == event.headers.signature)
    // The smallest header there is: an empty source.
    #expect(throws: ProtocolError.self) { try EventHeaders((bytes + [1, 0, 0])[...]) }
    #expect(throws: ProtocolError.self) { try EventHeaders.check((bytes + [1, 0, 0])[...]) }
    #expect(throws: ProtocolError.self) { try EventHeaders((bytes + [99, 0, 0])[...]) }
    for count in [0, 1, 63, 64] {
      let short = [7, UInt8(count), 0] + [UInt8](repeating: 97, count: count)
      #expect(throws: ProtocolError.self) { try EventHeaders(short[...]) }
    }
    let named = [7, 65, 0] + [UInt8](repeating: 0, count: 64) + [UInt8(ascii: "/")]
    #expect(throws: ProtocolError.self) { try EventHeaders(named[...]) }
    #expect(EventHeaders.hasSignature(bytes[...]) && !EventHeaders.hasSignature([1, 0, 0]))
  }
}
