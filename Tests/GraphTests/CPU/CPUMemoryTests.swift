import Tensor
import Testing
import _TestSupport

@testable import CPU
@testable import Graph

/// Memory that the system does not give is an error.
@Suite struct CPUMemoryTests {
  @Test(arguments: [1 << 57, Int.max / 4, Int.max])
  func memoryThatThereIsNot(_ count: Int) {
    #expect {
      _ = try FloatMemory(count, for: "a test")
    } throws: { error in
      "\(error)".hasPrefix("not enough memory for a test: ")
    }
  }

  @Test(arguments: [0, 1, 17, 1 << 20, (1 << 20) + 1])
  func memoryIsZeroAndAligned(_ count: Int) throws {
    let memory = try FloatMemory(count, for: "a test")
    #expect(Int(bitPattern: memory.base) % 64 == 0)
    #expect((0..<count).allSatisfy { memory.base[$0] == 0 })
  }

  /// Scratch memory for more threads than there can be.
  @Test func aWorkspaceThatDoesNotFit() throws {
    var graph = Graph()
    let x = graph.input("x", [1, 16, 12, 12])
    let weights = graph.constant(Tensor(shape: [16, 16, 3, 3], repeating: 1))
    let y = try graph.conv2d(x, weights, ConvolutionGeometry(padding: 1))
    let program = try cpuProgram(graph, outputs: [y])
    #expect(program.scratchCount > 0)
    #expect {
      _ = try program.makeWorkspace(threads: .max)
    } throws: { error in
      guard case .allocation = error as? GraphError else { return false }
      return true
    }
  }
}
