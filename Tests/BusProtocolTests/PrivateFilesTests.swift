import BusProtocol
import Foundation
import Testing

/// Files and directories that others must not get at.
struct PrivateFilesTests {
  /// A directory of one test, gone with it.
  private final class Place {
    let path = "/tmp/bus-private-\(UInt64.random(in: 0 ... .max))"
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, mode: mode_t) throws -> String {
      let file = "\(path)/secret"
      try Data(text.utf8).write(to: URL(filePath: file))
      #expect(chmod(file, mode) == 0)
      return file
    }
  }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  @Test(arguments: [0o600, 0o400, 0o700] as [mode_t])
  func `a secret that only its owner can read is read`(mode: mode_t) throws {
    let place = try Place()
    let secret = try SecretFile(contentsOf: try place.write(" swordfish\n", mode: mode))
    #expect(try secret.text == "swordfish")
    #expect(secret.bytes == Array(" swordfish\n".utf8))
  }

  @Test(arguments: [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666] as [mode_t])
  func `I32 a secret that group or others can get at is refused, and the refusal does not show it`(mode: mode_t) throws
  {
    let place = try Place()
    let file = try place.write("swordfish", mode: mode)
    let error = #expect(throws: PrivacyError.self) { try SecretFile(contentsOf: file) }
    #expect(error?.code == .exposed)
    #expect(
      error?.message == "the secret \(file) is not used: its mode is \(String(mode, radix: 8)), so others can get at it"
    )
    #expect(error?.help == "run chmod 600 \(file), and make a new one if somebody may have read it")
  }

  @Test func `a link to a private secret is followed, since volumes are made of them, and its target's mode counts`()
    throws
  {
    let place = try Place()
    let file = try place.write("swordfish", mode: 0o600)
    #expect(symlink(file, "\(place.path)/link") == 0)
    #expect(try SecretFile(contentsOf: "\(place.path)/link").text == "swordfish")
    #expect(chmod(file, 0o644) == 0)
    #expect(throws: PrivacyError.self) { try SecretFile(contentsOf: "\(place.path)/link") }
  }

  @Test(.enabled(if: geteuid() == 0)) func `another user's secret is refused`() throws {
    let place = try Place()
    let file = try place.write("swordfish", mode: 0o600)
    #expect(chown(file, 65534, 65534) == 0)
    let error = #expect(throws: PrivacyError.self) { try SecretFile(contentsOf: file) }
    #expect(error?.code == .exposed)
  }

  @Test func `what is no secret at all is refused: nothing, a directory, a pipe, an empty, a blank and a huge file`()
    throws
  {
    let place = try Place()
    #expect(mkfifo("\(place.path)/pipe", 0o600) == 0)
    for name in ["nothing", ".", "pipe"] {
      #expect(throws: PrivacyError.self) { try SecretFile(contentsOf: "\(place.path)/\(name)") }
    }
    let empty = try place.write("", mode: 0o600)
    #expect(throws: PrivacyError.self) { try SecretFile(contentsOf: empty) }
    let blank = try SecretFile(contentsOf: try place.write(" \n", mode: 0o600))
    #expect(throws: PrivacyError.self) { try blank.text }
    let exact = String(repeating: "x", count: SecretFile.maximumByteCount)
    #expect(try SecretFile(contentsOf: try place.write(exact, mode: 0o600)).bytes.count == exact.utf8.count)
    let huge = try place.write(exact + "x", mode: 0o600)
    #expect(throws: PrivacyError.self) { try SecretFile(contentsOf: huge) }
  }

  @Test func `I32 a secret is never printed, dumped or reflected`() throws {
    let place = try Place()
    let secret = try SecretFile(contentsOf: try place.write("swordfish", mode: 0o600))
    var dumped = ""
    dump(secret, to: &dumped)
    dump([secret], to: &dumped)
    let bytes = "\(secret.bytes)"
    for text in ["\(secret)", String(reflecting: secret), "\([secret])", "\(Optional(secret) as Any)", dumped] {
      #expect(!text.contains("swordfish") && !text.contains(bytes) && !text.contains("115"), "\(text)")
      #expect(text.contains("the secret in"))
    }
  }

  @Test func `a new secret is private whatever the mask, and nothing is written over or through a link`() throws {
    let place = try Place()
    let file = "\(place.path)/new"
    try SecretFile.create(file, bytes: Array("swordfish".utf8))
    #expect(mode(file) == 0o600)
    #expect(try SecretFile(contentsOf: file).text == "swordfish")
    #expect(throws: PrivacyError.self) { try SecretFile.create(file, bytes: [1]) }
    #expect(symlink("\(place.path)/target", "\(place.path)/link") == 0)
    #expect(throws: PrivacyError.self) { try SecretFile.create("\(place.path)/link", bytes: [1]) }
    #expect(!FileManager.default.fileExists(atPath: "\(place.path)/target"))
    #expect(try SecretFile(contentsOf: file).text == "swordfish")
  }

  @Test func `directories are made for their user alone, and one that is there is taken as it is`() throws {
    let place = try Place()
    let deep = "\(place.path)/a/b/c"
    try PrivateDirectory.make(deep)
    #expect([mode("\(place.path)/a"), mode("\(place.path)/a/b"), mode(deep)] == [0o700, 0o700, 0o700])
    #expect(chmod(deep, 0o750) == 0)
    try PrivateDirectory.make(deep)
    #expect(mode(deep) == 0o750)
  }

  @Test func `a directory into which others may write is refused; one for all such as tmp is not`() throws {
    let place = try Place()
    #expect(chmod(place.path, 0o777) == 0)
    let error = #expect(throws: PrivacyError.self) { try PrivateDirectory.make(place.path) }
    #expect(error?.code == .exposed)
    #expect(error?.help == "run chmod o-w \(place.path)")
    #expect(chmod(place.path, 0o1777) == 0)
    try PrivateDirectory.make(place.path)
  }

  @Test(.enabled(if: geteuid() == 0))
  func `what another user put into a directory for all is refused, be it a directory, a link, or below`() throws {
    let place = try Place()
    #expect(chmod(place.path, 0o1777) == 0)
    #expect(mkdir("\(place.path)/theirs", 0o755) == 0)
    #expect(mkdir("\(place.path)/mine", 0o755) == 0)
    #expect(symlink("\(place.path)/mine", "\(place.path)/link") == 0)
    #expect(chown("\(place.path)/theirs", 65534, 65534) == 0)
    #expect(lchown("\(place.path)/link", 65534, 65534) == 0)
    for name in ["theirs", "theirs/bus", "link", "link/bus"] {
      let error = #expect(throws: PrivacyError.self) { try PrivateDirectory.make("\(place.path)/\(name)") }
      #expect(error?.code == .exposed, "\(name)")
    }
    try PrivateDirectory.make("\(place.path)/mine/bus")
  }

  @Test func `a file in the way and a broken link are refused with the system's reason`() throws {
    let place = try Place()
    let file = try place.write("x", mode: 0o600)
    let error = #expect(throws: PrivacyError.self) { try PrivateDirectory.make(file) }
    #expect(error?.message.hasSuffix("Not a directory") == true)
    #expect(symlink("\(place.path)/nowhere", "\(place.path)/broken") == 0)
    #expect(throws: PrivacyError.self) { try PrivateDirectory.make("\(place.path)/broken") }
  }

  @Test(arguments: [
    "PASSWORD", "DB_PASSWORD", "pgpassword", "API_KEY", "APIKEY", "STRIPE_SECRET", "GITHUB_TOKEN", "session.cookie",
    "AWS_SECRET_ACCESS_KEY", "AUTH", "SMTP_PASS", "DATABASE_DSN", "PRIVATE_KEY_PEM", "MYTOKEN",
  ])
  func `I32 a variable that is named like a secret is one`(name: String) {
    #expect(EnvironmentVariable.looksSecret(name, value: "x"))
    #expect(EnvironmentVariable.shown(name, value: "swordfish") == "[hidden]")
  }

  @Test(arguments: [
    "PATH", "LOG_LEVEL", "PWD", "OLDPWD", "KEYBOARD", "MONKEY", "TOKENIZER", "API_KEY_FILE", "TLS_KEY_PATH", "AUTHOR",
    "",
  ])
  func `others, and the names of files with secrets, are shown`(name: String) {
    #expect(EnvironmentVariable.shown(name, value: "x") == "x")
  }

  @Test func `I32 an address with a password in it is hidden whatever the variable is called`() {
    #expect(EnvironmentVariable.shown("DATABASE_URL", value: "postgres://shop:swordfish@db/shop") == "[hidden]")
    for harmless in ["postgres://shop@db/shop", "http://db:5432/a@b:c", "a:b@c", "://", "x://@"] {
      #expect(EnvironmentVariable.shown("DATABASE_URL", value: harmless) == harmless)
    }
  }
}
