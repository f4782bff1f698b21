#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// A file with one half of a pair of CURVE keys: one line, `bus-public-key KEY` or `bus-secret-key KEY`.
///
/// The first word keeps the halves apart: both are 40 characters of Z85, and a secret half in the place of a public one
/// would be shown to everyone.
public enum KeyFile {
  /// Which half.
  public enum Half: String, Sendable {
    /// Others may know it; `NAME.pub`.
    case `public` = "bus-public-key"
    /// Nobody else may know it; `NAME.key`, for its owner alone.
    case secret = "bus-secret-key"
  }

  /// The characters of a key.
  public static let keyLength = 40
  /// More is no file of such a key.
  private static let maximumByteCount = 256
  /// A file of another form may have a name of 200 bytes beside its key.
  private static let maximumPublicByteCount = 512

  /// Reads the key in a file. A secret one that others than its owner may get at is refused; see ``SecretFile``.
  public static func read(_ half: Half, at path: String) throws(KeyError) -> String {
    try key(half, in: bytes(half, at: path), of: path)
  }

  /// What stands in the file of either half.
  package static func bytes(_ half: Half, at path: String) throws(KeyError) -> [UInt8] {
    guard half == .secret else { return try publicBytes(at: path) }
    do throws(PrivacyError) { return try SecretFile(contentsOf: path).bytes } catch { throw KeyError(error) }
  }

  private static func publicBytes(at path: String) throws(KeyError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw KeyError.system("read", path) }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw KeyError.system("read", path) }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      throw KeyError(.unreadable, "\(path) is no file", help: "name the file that bus keygen made")
    }
    var bytes = [UInt8](repeating: 0, count: maximumPublicByteCount + 1)
    let count = bytes.withUnsafeMutableBytes { readBytes(descriptor, $0.baseAddress, $0.count) }
    guard count >= 0 else { throw KeyError.system("read", path) }
    return Array(bytes.prefix(count))
  }

  /// The key in the bytes of a file.
  package static func key(_ half: Half, in bytes: [UInt8], of path: String) throws(KeyError) -> String {
    let other = half == .public ? Half.secret : .public
    let words = bytes.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    if let word = words.first, word.elementsEqual(other.rawValue.utf8) {
      throw KeyError(
        .wrongHalf, "\(path) has a \(other == .secret ? "secret" : "public") key where the other half is needed",
        help: half == .public ? "put NAME.pub there, and keep NAME.key to its owner" : "name the file NAME.key")
    }
    guard bytes.count <= maximumByteCount, words.count == 2, words[0].elementsEqual(half.rawValue.utf8),
      words[1].count == keyLength, words[1].allSatisfy(isKeyByte)
    else {
      throw KeyError(
        .malformed,
        "\(path) is no key file: it has to be one line, \(half.rawValue) and \(keyLength) characters of Z85",
        help: "make a pair with bus keygen NAME")
    }
    return String(decoding: words[1], as: UTF8.self)
  }

  /// Makes a file for its owner alone, or readable by all for a public half; one that is there is never written over.
  public static func create(_ half: Half, key: String, at path: String) throws(KeyError) {
    try create(half, line: "\(half.rawValue) \(key)\n", at: path)
  }

  /// The same for a file of another form.
  package static func create(_ half: Half, line: String, at path: String) throws(KeyError) {
    do throws(PrivacyError) {
      try SecretFile.create(path, bytes: Array(line.utf8), mode: half == .secret ? 0o600 : 0o644)
    } catch { throw KeyError(error) }
  }

  /// Takes a file back that was made a moment ago.
  public static func remove(at path: String) { unlink(path) }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: ".-:+=^!/*?&<>()[]{}@%$#".utf8.contains(byte)
    }
  }
}

private func readBytes(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  while true {
    let result = read(descriptor, bytes, count)
    if result >= 0 || errno != EINTR { return result }
  }
}
