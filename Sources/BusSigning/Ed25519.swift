internal import BusProtocol
#if Signing
  internal import Crypto
#endif

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The arithmetic: Ed25519 (RFC 8032) and SHA-512, of a library that does nothing else. The one place that knows it.
///
/// A package without the trait `Signing` has no such library: it makes no keys and takes no signature for good.
enum Ed25519 {
  /// The bytes of either half of a pair.
  static let keyByteCount = 32

  #if Signing
    static func newSeed() throws(KeyError) -> [UInt8] { Array(Curve25519.Signing.PrivateKey().rawRepresentation) }

    /// The public half of a secret one; nil for bytes that are no key.
    static func publicKey(of seed: [UInt8]) throws(KeyError) -> [UInt8]? {
      (try? Curve25519.Signing.PrivateKey(rawRepresentation: seed)).map { Array($0.publicKey.rawRepresentation) }
    }

    static func signature(of message: [UInt8], by seed: [UInt8]) -> [UInt8]? {
      guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { return nil }
      return (try? key.signature(for: message)).map { Array($0) }
    }

    static func isSignature(_ signature: [UInt8], of message: [UInt8], by key: [UInt8]) -> Bool {
      guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else { return false }
      return key.isValidSignature(signature, for: message)
    }

    static func digest(of bytes: [UInt8]) -> [UInt8] { Array(SHA512.hash(data: bytes)) }
  #else
    private static var absent: KeyError {
      KeyError(
        .unsupported, "this program was built without signatures", help: "build it with the package's trait Signing")
    }
    static func newSeed() throws(KeyError) -> [UInt8] { throw absent }
    static func publicKey(of seed: [UInt8]) throws(KeyError) -> [UInt8]? { throw absent }
    static func signature(of message: [UInt8], by seed: [UInt8]) -> [UInt8]? { nil }
    static func isSignature(_ signature: [UInt8], of message: [UInt8], by key: [UInt8]) -> Bool { false }
    static func digest(of bytes: [UInt8]) -> [UInt8] { [] }
  #endif
}
