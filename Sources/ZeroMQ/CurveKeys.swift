internal import CZeroMQ

/// A pair of CURVE keys (CurveZMQ, RFC 26), written in Z85 (RFC 32): 40 characters each.
public struct CurveKeys: Hashable, Sendable, CustomStringConvertible {
  /// The half that others may know.
  public let publicKey: String
  /// The half that nobody may know; no description shows it.
  public let secretKey: String

  /// The pair of a secret key, whose public half follows from it.
  public init(secretKey: String) throws(ZeroMQError) {
    guard CurveKeys.isKey(secretKey) else {
      throw ZeroMQError(.insecure, "the secret key is not a CURVE key: it takes 40 characters of Z85")
    }
    var publicKey = [CChar](repeating: 0, count: 41)
    guard zmq_curve_public(&publicKey, secretKey) == 0 else {
      throw ZeroMQError(cannot: "derive a public CURVE key")
    }
    self.publicKey = CurveKeys.text(publicKey)
    self.secretKey = secretKey
  }

  private init(publicKey: String, secretKey: String) {
    self.publicKey = publicKey
    self.secretKey = secretKey
  }

  /// Makes a new pair, out of libzmq's random numbers.
  public static func generate() throws(ZeroMQError) -> CurveKeys {
    var publicKey = [CChar](repeating: 0, count: 41)
    var secretKey = [CChar](repeating: 0, count: 41)
    guard zmq_curve_keypair(&publicKey, &secretKey) == 0 else { throw ZeroMQError(cannot: "make CURVE keys") }
    return CurveKeys(publicKey: text(publicKey), secretKey: text(secretKey))
  }

  /// Whether the text is that of a key.
  public static func isKey(_ text: String) -> Bool { bytes(of: text) != nil }

  /// The Z85 text of a key's 32 bytes; nil for another number of them.
  public static func text(of key: [UInt8]) -> String? {
    guard key.count == 32 else { return nil }
    var characters = [CChar](repeating: 0, count: 41)
    return zmq_z85_encode(&characters, key, 32) == nil ? nil : text(characters)
  }

  /// The 32 bytes of a key's Z85 text; nil when it is none.
  public static func bytes(of text: String) -> [UInt8]? {
    // libzmq would read up to a zero byte and take the rest for granted.
    guard text.utf8.count == 40, !text.utf8.contains(0) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 32)
    return zmq_z85_decode(&bytes, text) == nil ? nil : bytes
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.lazy.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The public key.
  public var description: String { publicKey }
}
