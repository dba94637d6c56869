import Synchronization
import Testing

@testable import Tensor

/// Tensors that are read when they are asked for.
@Suite struct TensorSourceTests {
  private final class Reads: Sendable {
    let count = Mutex(0)

    func source(_ numbers: [Float]) -> TensorSource {
      TensorSource {
        self.count.withLock { $0 += 1 }
        return numbers
      }
    }
  }

  @Test func numbersAreReadAtEachCall() {
    let reads = Reads()
    let tensor = Tensor(shape: [2, 3], source: reads.source([1, 2, 3, 4, 5, 6]))
    #expect(tensor.batch == 2 && tensor.stride == 3)
    let other = tensor.reshaped(to: [3, 2])
    #expect(reads.count.withLock { $0 } == 0)
    #expect(Array(tensor.item(1)) == [4, 5, 6] && other.scalars == [1, 2, 3, 4, 5, 6])
    #expect(reads.count.withLock { $0 } == 2)
  }

  @Test func whatIsWrittenStays() {
    let reads = Reads()
    var tensor = Tensor(shape: [2], source: reads.source([1, 2]))
    tensor.scalars[1] = 5
    #expect(tensor.scalars == [1, 5] && tensor.source == nil)
    #expect(reads.count.withLock { $0 } == 1)
  }

  @Test func equalityIsThatOfNumbers() {
    let reads = Reads()
    let tensor = Tensor(shape: [2], source: reads.source([1, 2]))
    #expect(tensor == tensor && tensor != tensor.reshaped(to: [2, 1]))
    #expect(reads.count.withLock { $0 } == 0)
    #expect(
      tensor == Tensor(shape: [2], scalars: [1, 2]) && tensor != Tensor(shape: [2], source: reads.source([1, 3])))
  }

  @Test func whatIsComputedIsTheSameSourceWhileItIsThere() throws {
    let source = Reads().source([1, 2])
    var first: TensorSource? = source.deriving("twice") { [2, 4] }
    #expect(first === source.deriving("twice") { [2, 4] } && first !== source.deriving("thrice") { [3, 6] })
    weak let gone = first
    first = nil
    #expect(gone == nil)
    // Each reading goes all the way: it ends somewhere.
    var (last, length) = (source, 0)
    while let next = last.deriving("next", { [0, 0] }), length < 100 { (last, length) = (next, length + 1) }
    #expect(length > 0 && length < 10)
  }

  @Test func numbersThatAreNotFinite() {
    for count in [1, 15, 16, 17, 40] {
      for place in 0..<count {
        var numbers = [Float](repeating: .greatestFiniteMagnitude, count: count)
        #expect(Tensor(shape: [count], scalars: numbers).isFinite && !numbers.withUnsafeBytes(\.hasNaN))
        numbers[place] = -.infinity
        #expect(!Tensor(shape: [count], scalars: numbers).isFinite && !numbers.withUnsafeBytes(\.hasNaN))
        numbers[place] = .nan
        #expect(!Tensor(shape: [count], scalars: numbers).isFinite && numbers.withUnsafeBytes(\.hasNaN))
      }
    }
    #expect(Tensor(shape: [0], scalars: []).isFinite)
  }
}
