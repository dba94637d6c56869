import Testing

@testable import Kernels

@Suite struct InstructionSetTests {
  @Test func portableIsAlwaysThere() {
    #expect(InstructionSet.available.first == .portable)
    #expect(InstructionSet.available.contains(InstructionSet.best))
  }
}
