/// Which variables of an environment hold secrets, by how they are named and what they look like.
public enum EnvironmentVariable {
  /// What stands instead of a value that is not shown.
  public static let hidden = "[hidden]"

  private static let words: Set<String> = [
    "AUTH", "AUTHORIZATION", "CERT", "COOKIE", "CREDENTIAL", "CREDENTIALS", "DSN", "KEY", "KEYS", "PASS", "PASSPHRASE",
    "PASSWD", "PASSWORD", "PIN", "PRIVATE", "PW", "PWD", "SALT", "SECRET", "SECRETS", "SESSION", "SIGNATURE", "TOKEN",
    "TOKENS",
  ]
  private static let endings = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "APIKEY", "PASSPHRASE", "CREDENTIALS"]

  /// Whether its value is not to be shown: its name has a word such as `PASSWORD`, `TOKEN` or `KEY`, or the value is an
  /// address with a password in it.
  ///
  /// The name of a file that holds a secret, `…_FILE` or `…_PATH`, may be shown.
  public static func looksSecret(_ name: String, value: String) -> Bool {
    if hasPassword(value) { return true }
    let name = name.uppercased()
    guard name != "PWD", name != "OLDPWD" else { return false }
    let parts = name.split { !$0.isLetter && !$0.isNumber }.map(String.init)
    guard let last = parts.last, last != "FILE", last != "PATH" else { return false }
    return parts.contains { part in words.contains(part) || endings.contains { part.hasSuffix($0) } }
  }

  /// The value, or what stands instead of one that looks secret.
  public static func shown(_ name: String, value: String) -> String {
    looksSecret(name, value: value) ? hidden : value
  }

  /// `scheme://user:password@host`.
  private static func hasPassword(_ value: String) -> Bool {
    guard let scheme = value.firstRange(of: "://") else { return false }
    let authority = value[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let at = authority.lastIndex(of: "@") else { return false }
    return authority[..<at].contains(":")
  }
}
