internal import BusProtocol

/// A file with one half of a pair that signs: one line, `bus-signing-key NAME KEY` or `bus-verifying-key NAME KEY`, the
/// key in base 64.
enum SigningFile {
  static let help = "make a pair with bus keygen --signing NAME"

  private static func word(_ half: KeyFile.Half) -> String {
    half == .secret ? "bus-signing-key" : "bus-verifying-key"
  }

  static func read(_ half: KeyFile.Half, at path: String) throws(KeyError) -> (Name, [UInt8]) {
    try key(half, in: try KeyFile.bytes(half, at: path), of: path)
  }

  static func create(_ half: KeyFile.Half, _ name: Name, _ key: [UInt8], at path: String) throws(KeyError) {
    try KeyFile.create(half, line: line(half, name, key), at: path)
  }

  static func line(_ half: KeyFile.Half, _ name: Name, _ key: [UInt8]) -> String {
    "\(word(half)) \(name) \(Base64.text(of: key))\n"
  }

  /// The name and the key in the bytes of a file.
  static func key(_ half: KeyFile.Half, in bytes: [UInt8], of path: String) throws(KeyError) -> (Name, [UInt8]) {
    let other: KeyFile.Half = half == .public ? .secret : .public
    let words = bytes.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    if let first = words.first, first.elementsEqual(word(other).utf8) {
      throw KeyError(
        .wrongHalf, "\(path) has the other half of a pair that signs",
        help: half == .public ? "put NAME.verify there, and keep NAME.sign to its owner" : "name the file NAME.sign")
    }
    let malformed = KeyError(
      .malformed, "\(path) is no key file: it has to be one line, \(word(half)), a name and a key", help: help)
    guard words.count == 3, words[0].elementsEqual(word(half).utf8), Name.isValid(words[1]),
      let key = Base64.bytes(of: String(decoding: words[2], as: UTF8.self)), key.count == Ed25519.keyByteCount
    else { throw malformed }
    do { return (try Name(String(decoding: words[1], as: UTF8.self)), key) } catch { throw malformed }
  }
}
