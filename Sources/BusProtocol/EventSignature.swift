// The value of header 7, the last of an event's headers: 64 bytes of Ed25519 (RFC 8032), then the signer's name.
//
// What is signed:
//   12  the text "bus event 1" and a zero: nothing else that a key signs begins so
//    1  length of the signer's name
//    2  length of the topic, little-endian
//    2  length of the headers before the signature, little-endian
//       the signer's name
//       the record's body from its first byte up to the signature's header: id, publisher, its sequence, time, topic,
//       headers
//   64  SHA-512 of the data

/// Who says to have made an event, and the proof of it.
///
/// A class: nearly no event has one, and those must not be larger for it.
public final class EventSignature: Sendable {
  /// The bytes of a signature.
  public static let byteCount = 64

  /// Who says to have signed.
  public let signer: Name
  /// The signature.
  public let bytes: [UInt8]
  /// Whether somebody here found the signature to be the signer's. It does not travel.
  public let isVerified: Bool
  /// What was signed, but for the data; empty where the event was not read from a record.
  package let content: [UInt8]

  /// A signature as it is made or read.
  package init(signer: Name, bytes: [UInt8], content: [UInt8] = [], isVerified: Bool = false) {
    self.signer = signer
    self.bytes = bytes
    self.content = content
    self.isVerified = isVerified
  }

  /// The same, found to be the signer's.
  package var verified: EventSignature {
    EventSignature(signer: signer, bytes: bytes, content: content, isVerified: true)
  }

  // MARK: The header

  /// Reads the value of the header.
  convenience init(_ value: ArraySlice<UInt8>) throws(ProtocolError) {
    guard value.count > EventSignature.byteCount else {
      throw ProtocolError(.badRecord, "the signature of an event is cut short")
    }
    let name = value.dropFirst(EventSignature.byteCount)
    guard Name.isValid(name) else {
      throw Name.refusal(of: String(decoding: name, as: UTF8.self), what: "signer")
    }
    self.init(
      signer: try Name(String(decoding: name, as: UTF8.self), of: "signer"),
      bytes: Array(value.prefix(EventSignature.byteCount)))
  }

  /// The value of the header.
  var value: [UInt8] { bytes + signer.text.utf8 }

  /// The bytes that its header takes in a record: key, length, value.
  var headerByteCount: Int { 3 + bytes.count + signer.text.utf8.count }

  // MARK: What is signed

  private static let domain = Array("bus event 1\0".utf8)

  /// What is signed but for the data, of a body's parts before its data.
  static func content(
    _ signer: Name, beforeHeaders: ArraySlice<UInt8>, headers: ArraySlice<UInt8>
  ) -> [UInt8] {
    let topicByteCount = beforeHeaders.count - RecordHeader.eventPrefixByteCount
    var content = domain
    content.reserveCapacity(domain.count + 5 + 200 + beforeHeaders.count + headers.count)
    content.append(UInt8(truncatingIfNeeded: signer.text.utf8.count))
    content.append(littleEndian: UInt16(truncatingIfNeeded: topicByteCount))
    content.append(littleEndian: UInt16(truncatingIfNeeded: headers.count))
    content.append(contentsOf: signer.text.utf8)
    content.append(contentsOf: beforeHeaders)
    content.append(contentsOf: headers)
    return content
  }
}

extension EventSignature: Hashable {
  /// Whether signer and bytes are the same.
  public static func == (left: EventSignature, right: EventSignature) -> Bool {
    left.signer == right.signer && left.bytes == right.bytes
  }

  /// By the bytes.
  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension Event {
  /// Who made it, where its signature was verified here; nil for an event without one, and for one that nobody verified.
  public var signer: Name? { headers.signature.flatMap { $0.isVerified ? $0.signer : nil } }
}

extension Record {
  /// What a signer signs of an event that has no signature yet, but for the data.
  package static func signedContent(of event: Event, by signer: Name) throws(ProtocolError) -> [UInt8] {
    var unsigned = event
    unsigned.headers.signature = nil
    var body: [UInt8] = []
    unsigned.appendPrefix(to: &body)
    let headers = body.count
    try unsigned.headers.append(to: &body)
    return EventSignature.content(signer, beforeHeaders: body[..<headers], headers: body[headers...])
  }
}
