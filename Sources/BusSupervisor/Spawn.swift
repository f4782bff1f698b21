internal import CProcess
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Starts a process: in a group of its own, without input, with both outputs into one pipe and default signals.
enum Spawn {
  private static let lock = Mutex<Void>(())

  /// Runs the body while no process is being started.
  static func alone<R>(_ body: () -> R) -> R { lock.withLock { _ in body() } }

  /// The process id, or why there is none.
  static func start(_ launch: Launch, output: Int32, input: Int32? = nil) -> Result<Int32, SpawnError> {
    var pid: pid_t = 0
    let status = alone {
      let status =
        launch.sockets.isEmpty
        ? startPlainly(launch, output: output, input: input, &pid)
        : startListening(launch, output: output, input: input, &pid)
      if status == 0 { OrphanReaper.note(pid) }
      return status
    }
    guard status == 0 else { return .failure(SpawnError(number: status)) }
    // Giving way is never refused.
    if launch.niceness > 0 { _ = setpriority(lowering, id_t(pid), launch.niceness) }
    return .success(pid)
  }

  private static func startPlainly(_ launch: Launch, output: Int32, input: Int32?, _ pid: inout pid_t) -> Int32 {
    var actions = posixSpawnFileActions()
    var attributes = posixSpawnAttributes()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    } else {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
    return withCStrings(launch.arguments) { arguments in
      withCStrings(variables(of: launch)) { variables in
        posix_spawn(&pid, launch.path, &actions, &attributes, arguments, variables)
      }
    }
  }

  private static func startListening(_ launch: Launch, output: Int32, input: Int32?, _ pid: inout pid_t) -> Int32 {
    let key = "LISTEN_PID="
    let sockets = launch.sockets.map(\.descriptor)
    // The process writes its own number over the blanks.
    return withCStrings([key + String(repeating: " ", count: 11)] + variables(of: launch)) { variables in
      withCStrings(launch.arguments) { arguments in
        launch.path.withCString { path in
          sockets.withUnsafeBufferPointer { sockets in
            var plan = bus_launch(
              path: path, arguments: arguments, environment: variables,
              own_pid: variables[0].map { $0 + key.utf8.count }, input: input ?? -1, output: output,
              sockets: sockets.baseAddress, socket_count: Int32(sockets.count))
            return bus_spawn_listening(&plan, &pid)
          }
        }
      }
    }
  }

  /// Becomes another program, which keeps only these descriptors and the standard ones; why not, as errno.
  static func become(
    _ path: String, arguments: [String], environment: [String: String], keeping descriptors: [Int32]
  ) -> Int32 {
    withCStrings(arguments) { arguments in
      withCStrings(texts(environment)) { environment in
        alone {
          for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, 0) }
          execve(path, arguments, environment)
          let number = errno
          for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
          return number
        }
      }
    }
  }

  private static func variables(of launch: Launch) -> [String] { texts(launch.environment) }

  private static func texts(_ environment: [String: String]) -> [String] {
    environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }

  /// The texts as a list that ends in null, for as long as the body runs.
  private static func withCStrings<R>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    let copies = texts.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { list in
      guard let first = list.baseAddress else { preconditionFailure("a list that ends in null has an element") }
      return body(first)
    }
  }

  #if canImport(Glibc)
    private static let lowering = __priority_which_t(PRIO_PROCESS.rawValue)
  #else
    private static let lowering = PRIO_PROCESS
  #endif

  #if canImport(Darwin)
    private static func posixSpawnFileActions() -> posix_spawn_file_actions_t? { nil }
    private static func posixSpawnAttributes() -> posix_spawnattr_t? { nil }
  #else
    private static func posixSpawnFileActions() -> posix_spawn_file_actions_t { posix_spawn_file_actions_t() }
    private static func posixSpawnAttributes() -> posix_spawnattr_t { posix_spawnattr_t() }
  #endif
}

/// Why the system started no process.
struct SpawnError: Error {
  let number: Int32

  var reason: String { String(cString: strerror(number)).lowercased() }
}
