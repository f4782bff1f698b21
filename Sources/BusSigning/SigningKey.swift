public import BusProtocol

/// What a publisher signs its events with: the secret half of a pair, `NAME.sign`.
///
/// A class: a publication looks at it, and nearly none has one.
public final class SigningKey: Sendable {
  /// Whose key it is: the signer of what it signs.
  public let name: Name
  private let seed: [UInt8]
  private let publicKey: [UInt8]

  private init(name: Name, seed: [UInt8]) throws(KeyError) {
    guard seed.count == Ed25519.keyByteCount, let publicKey = try Ed25519.publicKey(of: seed) else {
      throw KeyError(.malformed, "the signing key of \(name) is none", help: SigningFile.help)
    }
    (self.name, self.seed, self.publicKey) = (name, seed, publicKey)
  }

  /// Reads a key; refused where others than its owner may read the file.
  public convenience init(contentsOf path: String) throws(KeyError) {
    let (name, seed) = try SigningFile.read(.secret, at: path)
    try self.init(name: name, seed: seed)
  }

  /// Makes a new key.
  public static func generate(for name: Name) throws(KeyError) -> SigningKey {
    try SigningKey(name: name, seed: try Ed25519.newSeed())
  }

  /// A key of known bytes, for tests.
  package static func ofSeed(_ seed: [UInt8], for name: Name) throws(KeyError) -> SigningKey {
    try SigningKey(name: name, seed: seed)
  }

  /// The half that others may know.
  public var verifyingKey: VerifyingKey { VerifyingKey(name: name, bytes: publicKey) }

  /// Writes it for its owner alone; a file that is there is never written over.
  public func create(at path: String) throws(KeyError) { try SigningFile.create(.secret, name, seed, at: path) }

  /// Signs bytes.
  package func signature(of message: [UInt8]) throws(KeyError) -> [UInt8] {
    guard let signature = Ed25519.signature(of: message, by: seed) else {
      throw KeyError(.malformed, "the signing key of \(name) does not sign", help: SigningFile.help)
    }
    return signature
  }

  /// Signs an event as it is now: what is changed afterwards, but for what busd adds, is not what was signed.
  package func sign(_ event: inout Event) throws {
    let content = try Record.signedContent(of: event, by: name)
    event.headers.signature = EventSignature(
      signer: name, bytes: try signature(of: content + Ed25519.digest(of: event.data)), content: content)
  }
}

extension SigningKey: CustomStringConvertible, CustomReflectable {
  /// Whose, never what.
  public var description: String { "the signing key of \(name)" }
  /// Nothing to look into.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The public half of a pair that signs, `NAME.verify`.
public struct VerifyingKey: Hashable, Sendable {
  /// Whose it is.
  public let name: Name
  let bytes: [UInt8]

  init(name: Name, bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }

  /// Reads a key.
  public init(contentsOf path: String) throws(KeyError) {
    (name, bytes) = try SigningFile.read(.public, at: path)
  }

  /// Reads what stands in the file of a path.
  package init(_ line: [UInt8], of path: String) throws(KeyError) {
    (name, bytes) = try SigningFile.key(.public, in: line, of: path)
  }

  /// As it stands in its file.
  public var text: String { Base64.text(of: bytes) }

  /// What stands in its file.
  public var line: String { SigningFile.line(.public, name, bytes) }

  /// Writes it, readable by all; a file that is there is never written over.
  public func create(at path: String) throws(KeyError) { try SigningFile.create(.public, name, bytes, at: path) }

  /// Whether somebody with the secret half signed the bytes.
  package func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    Ed25519.isSignature(signature, of: message, by: bytes)
  }
}
