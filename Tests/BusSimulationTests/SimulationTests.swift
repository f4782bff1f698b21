import Testing

@testable import BusSimulation
