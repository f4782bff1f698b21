public import BusProtocol

/// Who may come in over the network, and who may do what: the `access` section.
public struct AccessDefinition: Sendable, Equatable {
  /// The directory of the public keys, `NAME.pub` each; nil without keys.
  public var keyDirectory: String?
  /// busd's own secret key.
  public var keyFile: String?
  /// The secret key with which busd seals the contexts of jobs; nil where it seals none.
  public var sealFile: String?
  /// Which events must be signed, and by whom.
  public var signing = SigningDefinition()
  /// Who else may come over socket files.
  public var peers = PeerDefinition()
  /// What each principal may do, in the order of the file.
  public var principals: [PrincipalDefinition]
  /// Where the file says it.
  public var position: SourcePosition

  /// A section made by code.
  public init(
    keyDirectory: String? = nil, keyFile: String? = nil, principals: [PrincipalDefinition] = [],
    position: SourcePosition = .unwritten
  ) {
    self.keyDirectory = keyDirectory
    self.keyFile = keyFile
    self.principals = principals
    self.position = position
  }

  /// The directory of the keys; a relative one lies beside the topology's file.
  public var keyDirectoryPath: String? { keyDirectory.map(besideFile) }
  /// busd's own secret key; a relative one lies beside the topology's file.
  public var keyFilePath: String? { keyFile.map(besideFile) }

  /// The directory of the public keys of those who sign; a relative one lies beside the topology's file.
  public var signerDirectoryPath: String? { (signing.directory ?? keyDirectory).map(besideFile) }

  /// The key with which busd seals; a relative one lies beside the topology's file.
  public var sealFilePath: String? { sealFile.map(besideFile) }

  private func besideFile(_ path: String) -> String {
    guard !path.hasPrefix("/"), let slash = position.file.lastIndex(of: "/") else { return path }
    return "\(position.file[...slash])\(path)"
  }
}

/// What one principal may do.
public struct PrincipalDefinition: Sendable, Equatable {
  /// Who: the name of a key, or `local` for who comes over a local socket.
  public var name: Name
  /// The names that each right is good for; one that is absent is good for none.
  public var rights: [Right: [RightPattern]]
  /// What its processes may take together.
  public var limits = PrincipalLimits()
  /// Where the file says it.
  public var position: SourcePosition

  /// A principal with its rights.
  public init(name: Name, rights: [Right: [RightPattern]] = [:], position: SourcePosition = .unwritten) {
    self.name = name
    self.rights = rights
    self.position = position
  }
}

/// Something that a principal may do to what has a name.
public enum Right: String, Sendable, Hashable, CaseIterable {
  /// Publish events of a topic, now or later.
  case publish
  /// Hear and read events of a topic.
  case subscribe
  /// Put jobs into a queue.
  case enqueue
  /// Take jobs of a queue, and run a subscription: both `ENGINE/NAME`.
  case work
  /// Ask and change as an operator, by the word of the question or the change.
  case admin

  /// What a right is good for, as people say it.
  public var object: String {
    switch self {
    case .publish, .subscribe: "topic"
    case .enqueue: "queue"
    case .work: "queue or subscription"
    case .admin: "question or change"
    }
  }
}

/// Names that a right is good for: `*` stands for any run of characters, also none.
public struct RightPattern: Sendable, Hashable, CustomStringConvertible {
  /// The longest pattern: that of a full name.
  public static let maximumLength = 2 * Name.maximumLength + 1

  /// As it is written.
  public let text: String

  /// Checks the text: characters of names, `/` and `*`; nil for anything else.
  public init?(_ text: String) {
    let isValid = text.utf8.allSatisfy {
      Name.isNameByte($0) || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "/")
    }
    guard isValid, (1...RightPattern.maximumLength).contains(text.utf8.count) else { return nil }
    self.text = text
  }

  /// As it is written.
  public var description: String { text }

  /// Whether it holds for a name, or for all that a pattern stands for: no name has a `*` of its own.
  public func covers(_ name: String) -> Bool { TopicPattern.matches(text.utf8, name.utf8) }
}
