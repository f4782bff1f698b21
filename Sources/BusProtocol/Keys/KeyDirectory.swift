#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// The public keys of those who may come in: `NAME.pub` of each, the name is the principal.
public struct KeyDirectory: Hashable, Sendable {
  /// More files than this are a mistake.
  public static let maximumCount = 10_000
  /// Who comes over a local socket, without a key.
  public static let local: Name = "local"

  /// The principals by the text of their public keys.
  public let principals: [String: Name]

  /// Takes what is known already.
  public init(principals: [String: Name] = [:]) { self.principals = principals }

  /// Reads a directory; other files than `*.pub` are passed over. One that cannot be read refuses all: a principal that
  /// silently lost its key would look for the reason elsewhere.
  public init(reading directory: String) throws(KeyError) {
    var principals: [String: Name] = [:]
    for file in try KeyDirectory.files(in: directory, suffix: ".pub") {
      let path = "\(directory)/\(file)"
      let name: Name
      do { name = try Name(String(file.dropLast(4)), of: "principal") } catch {
        throw KeyError(.malformed, "\(path) names no principal: \(error.message)", help: "rename the file")
      }
      guard name != KeyDirectory.local else {
        throw KeyError(
          .ambiguous, "\(path): \(name) is who comes over a local socket, without a key", help: "rename the file")
      }
      let key = try KeyFile.read(.public, at: path)
      if let other = principals.updateValue(name, forKey: key) {
        throw KeyError(
          .ambiguous, "\(other) and \(name) have the same key in \(directory)", help: "make a pair for each")
      }
    }
    self.principals = principals
  }

  /// All who have a key.
  public var names: Set<Name> { Set(principals.values) }

  /// The names of a directory's files that end so, sorted; hidden ones are passed over.
  package static func files(in directory: String, suffix: String) throws(KeyError) -> [String] {
    guard let stream = opendir(directory) else { throw KeyError.system("read", directory) }
    defer { closedir(stream) }
    var files: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name.hasSuffix(suffix), !name.hasPrefix(".") else { continue }
      files.append(name)
      guard files.count <= maximumCount else {
        throw KeyError(
          .ambiguous, "\(directory) has more than \(maximumCount) keys", help: "remove those that nobody uses")
      }
    }
    return files.sorted()
  }
}
