// swift-tools-version: 6.2
import PackageDescription

/// Whether libFuzzer is to run this package, see `.ci/fuzz`.
let isFuzzed = Context.environment["BUS_FUZZ"] != nil

/// What every Swift target of the package is held to.
var strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]
// libFuzzer looks through all counters after each input: only what is ours has some, which is a third of them.
if isFuzzed { strict.append(.unsafeFlags(["-sanitize=fuzzer"])) }

/// A service that only publishes turns the trait off, and then checks out neither database nor YAML parser.
let daemon: TargetDependencyCondition? = .when(traits: ["Daemon"])

let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser", condition: daemon)
let database: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift", condition: daemon)
/// The C functions of the same library, for the store's inner loop.
let databaseLibrary: Target.Dependency = .product(
  name: "GRDBSQLite", package: "GRDB.swift", condition: daemon)
let crypto: Target.Dependency = .product(
  name: "Crypto", package: "swift-crypto", condition: .when(traits: ["Signing"]))
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams", condition: daemon)

/// Hostile bytes for every decoder. Ordinarily the tests read them; only libFuzzer, whose main function it has then, can
/// link it as a program.
let fuzzDependencies: [Target.Dependency] = [
  "Bus", "BusProtocol", "BusSigning", "BusSpool", "BusTopology", "ZeroMQ",
]
let fuzz: Target =
  isFuzzed
  ? .executableTarget(
    name: "BusFuzz", dependencies: fuzzDependencies,
    swiftSettings: strict + [.define("BUS_FUZZ")],
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
  : .target(name: "BusFuzz", dependencies: fuzzDependencies, swiftSettings: strict)

let package = Package(
  name: "bus",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Bus", targets: ["Bus"]),
    .library(name: "BusTesting", targets: ["BusTesting"]),
    .executable(name: "busd", targets: ["BusdCommand"]),
    .executable(name: "bus", targets: ["BusCommand"]),
    .executable(name: "shop", targets: ["Shop"]),
  ],
  traits: [
    .trait(name: "Daemon", description: "The daemon and the tools: busd, bus and what they store and parse."),
    .trait(name: "Signing", description: "Signatures of events: the library that makes and checks them."),
    .default(enabledTraits: ["Daemon", "Signing"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // The system's libraries and the few lines of C.
    .systemLibrary(name: "CZeroMQ"),
    .target(name: "CAllocations"),
    .target(name: "CChecksum"),
    .target(name: "CProcess"),
    .target(name: "CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),

    // 1: the words and their bytes; sockets.
    .target(name: "BusProtocol", dependencies: ["CChecksum"], swiftSettings: strict),
    .target(name: "ZeroMQ", dependencies: ["CZeroMQ"], swiftSettings: strict),

    // 2: what keeps, and what wires.
    .target(name: "BusSigning", dependencies: ["BusProtocol", crypto], swiftSettings: strict),
    .target(name: "BusSpool", dependencies: ["BusProtocol"], swiftSettings: strict),
    .target(
      name: "BusStore", dependencies: ["BusProtocol", "CSQLite", database, databaseLibrary], swiftSettings: strict),
    .target(name: "BusTopology", dependencies: ["BusProtocol", yaml], swiftSettings: strict),

    // 4: the daemon's inside, the library, the supervisor.
    .target(
      name: "BusBroker",
      dependencies: ["BusProtocol", "BusSigning", "ZeroMQ", "BusSpool", "BusStore", "BusTopology", logging],
      swiftSettings: strict),
    .target(
      name: "Bus",
      dependencies: ["BusProtocol", "BusSigning", "CProcess", "ZeroMQ", "BusSpool", lifecycle, logging, signals],
      swiftSettings: strict),
    .target(name: "BusSupervisor", dependencies: ["BusProtocol", "BusTopology", "CProcess"], swiftSettings: strict),

    // 5: what is run.
    .executableTarget(
      name: "BusdCommand",
      dependencies: [
        "BusBroker", "BusProtocol", "BusSpool", "BusStore", "BusTopology", "CProcess", arguments, lifecycle, logging,
        signals,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "BusCommand",
      dependencies: [
        "Bus", "BusProtocol", "BusSigning", "BusSupervisor", "BusTopology", "BusSpool", arguments, lifecycle, logging,
      ], swiftSettings: strict),
    .executableTarget(
      name: "Shop", dependencies: ["Bus", database, lifecycle, logging], swiftSettings: strict),
    .executableTarget(
      name: "BusBench",
      dependencies: ["Bus", "BusBroker", "BusProtocol", "BusSpool", "CAllocations", "ZeroMQ", arguments, logging],
      exclude: ["Peers"], swiftSettings: strict),

    // The whole bus in one thread, from a seed.
    .executableTarget(
      name: "BusSimulation",
      dependencies: [
        "Bus", "BusBroker", "BusProtocol", "BusSpool", "BusStore", "BusTopology", "ZeroMQ", arguments, logging,
      ], swiftSettings: strict),

    .executableTarget(
      name: "BusProof", dependencies: ["Bus", "BusProtocol", "BusSpool", arguments], swiftSettings: strict),

    fuzz,

    // For users' tests and for ours.
    .target(
      name: "BusTesting", dependencies: ["Bus", "BusBroker", "BusProtocol", "BusStore", "BusTopology", logging],
      swiftSettings: strict),

    // The program that the end-to-end tests start and kill.
    .executableTarget(
      name: "BusFixture", dependencies: ["Bus", "BusProtocol"], path: "Tests/BusFixture", swiftSettings: strict),

    .testTarget(name: "ZeroMQTests", dependencies: ["ZeroMQ"], swiftSettings: strict),
    .testTarget(name: "BusProtocolTests", dependencies: ["BusProtocol"], swiftSettings: strict),
    .testTarget(name: "BusSigningTests", dependencies: ["BusSigning", "BusProtocol"], swiftSettings: strict),
    .testTarget(name: "BusSpoolTests", dependencies: ["BusSpool", "BusProtocol"], swiftSettings: strict),
    .testTarget(
      name: "BusStoreTests", dependencies: ["BusStore", "BusProtocol", "BusTesting", database], swiftSettings: strict),
    .testTarget(name: "BusTopologyTests", dependencies: ["BusTopology", "BusProtocol"], swiftSettings: strict),
    .testTarget(
      name: "BusBrokerTests",
      dependencies: ["BusBroker", "BusProtocol", "BusSigning", "BusTesting", "BusTopology", "ZeroMQ"],
      swiftSettings: strict),
    .testTarget(
      name: "BusTests",
      dependencies: ["Bus", "BusProtocol", "BusSigning", "BusSpool", "BusTesting", "ZeroMQ", lifecycle, logging],
      swiftSettings: strict),
    .testTarget(
      name: "BusTestingTests", dependencies: ["Bus", "BusProtocol", "BusTesting", logging], swiftSettings: strict),
    .testTarget(
      name: "BusCommandTests",
      dependencies: ["Bus", "BusCommand", "BusdCommand", "BusProtocol", arguments], swiftSettings: strict),
    .testTarget(
      name: "BusSupervisorTests", dependencies: ["BusSupervisor", "BusProtocol", "BusTopology"],
      swiftSettings: strict),
    .testTarget(
      name: "BusSimulationTests",
      dependencies: ["BusSimulation", "BusBroker", "BusProtocol", "BusSpool", "BusTopology", logging],
      swiftSettings: strict),
    .testTarget(
      name: "BusBenchTests", dependencies: ["BusBench", "Bus", "BusCommand", "BusdCommand", arguments],
      swiftSettings: strict),
    .testTarget(name: "ExampleTests", dependencies: ["Bus", "BusTesting"], swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "Bus", "BusCommand", "BusFixture", "BusProof", "BusProtocol", "BusSigning", "BusSpool", "BusSupervisor",
        "BusTesting",
        "BusdCommand",
        "Shop", "ZeroMQ", logging,
      ], exclude: ["Python"], swiftSettings: strict),
    .testTarget(name: "BusFuzzTests", dependencies: ["BusFuzz"], exclude: ["Corpus"], swiftSettings: strict),
    .testTarget(name: "BusProofTests", dependencies: ["BusProof", arguments], swiftSettings: strict),
    .testTarget(name: "ArchitectureTests", swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// Only who writes the documentation needs its plugin, so nobody else fetches it:
// BUS_DOCS=1 swift package generate-documentation --target Bus --warnings-as-errors
if Context.environment["BUS_DOCS"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
