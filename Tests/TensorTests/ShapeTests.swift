import Tensor
import Testing

@Suite struct ShapeTests {
  @Test func countsAndStrides() {
    let shape: Shape = [2, 3, 4]
    #expect(shape.count == 24 && shape.rank == 3)
    #expect(shape.strides == [12, 4, 1])
    #expect(Shape([]).count == 1 && Shape([]).strides == [])
    #expect(Shape([2, 0, 5]).count == 0)
    #expect(shape.droppingFirst == [3, 4])
    #expect(shape.prepending(7) == [7, 2, 3, 4])
    #expect("\(shape)" == "[2, 3, 4]")
  }

  @Test(arguments: [
    [-1], [2, -3], [.max, 2], [1 << 32, 1 << 32], [.min], [0, .max, .max], [.max, 0, 2], [.max, .max, .max, .max],
  ])
  func refusesHostileExtents(_ extents: [Int]) {
    #expect(Shape(checking: extents) == nil)
  }

  @Test func acceptsTheLargest() {
    #expect(Shape(checking: [.max])?.count == .max)
    #expect(Shape(checking: [0, .max])?.count == 0)
  }

  @Test func tensorsSplitAndJoin() {
    let tensor = Tensor(shape: [3, 2, 2], scalars: (0..<12).map(Float.init))
    #expect(tensor.batch == 3 && tensor.stride == 4)
    #expect(Array(tensor.item(1)) == [4, 5, 6, 7])
    #expect(tensor[batch: 1..<3].scalars == [4, 5, 6, 7, 8, 9, 10, 11])
    #expect(tensor[batch: 1..<1].shape == [0, 2, 2])
    #expect(Tensor.concatenating([tensor[batch: 0..<1], tensor[batch: 1..<3]]) == tensor)
    #expect(Tensor.concatenating([]).scalars.isEmpty)
    #expect(tensor.reshaped(to: [4, 3]).shape == [4, 3])
    #expect(Tensor(shape: [0, 3], scalars: []).stride == 3)
  }
}
