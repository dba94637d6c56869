import Tensor
import Testing
import _TestSupport

@testable import Graph

/// Infinities and NaN: what is not a number must stay visible, and nothing else may become one.
@Suite(.everyBackend) struct SpecialValueTests {
  private func apply(_ operation: any Operator, _ inputs: [Float]...) throws -> [Float] {
    try operation(inputs.map { Tensor(shape: [$0.count], scalars: $0) }).scalars
  }

  @Test func rectifiers() throws {
    #expect(try apply(ReLU(), [-.infinity, -1, 0, 1, .infinity]) == [0, 0, 0, 1, .infinity])
    #expect(try apply(ReLU(), [.nan])[0].isNaN)
    #expect(try apply(ReLU(slope: 0.5), [-.infinity, -2]) == [-.infinity, -1])
    #expect(try apply(Gate(), [.infinity, -.infinity, 3], [-1, 0, 1]) == [0, 0, 3])
    #expect(try apply(Clip(lower: 0, upper: 1), [-.infinity, 0.5, .infinity]) == [0, 0.5, 1])
    #expect(try apply(Clip(lower: 0, upper: 1), [.nan])[0].isNaN)
  }

  @Test func saturatingFunctions() throws {
    #expect(try apply(Sigmoid(), [-200, 0, 200]) == [0, 0.5, 1])
    #expect(try apply(Softplus(beta: 10), [-200, 200]) == [0, 200])
    #expect(try apply(SiLU(), [-200, 200]) == [0, 200])
    #expect(try apply(HyperbolicTangent(), [-200, 200]) == [-1, 1])
    #expect(try apply(GELU(), [-200, 200]) == [0, 200])
    #expect(try apply(GELU(tanhApproximation: true), [-200, 200]) == [0, 200])
    #expect(try apply(Softmax(), [3e38, -3e38]) == [1, 0])
    #expect(try apply(LogSoftmax(), [1e30, 0]) == [0, -1e30])
  }

  @Test func smoothFunctionsKeepNaN() throws {
    #expect(try apply(HyperbolicTangent(), [.nan])[0].isNaN && apply(Softplus(), [.nan])[0].isNaN)
    #expect(try apply(Softplus(), [-.infinity, .infinity]) == [0, .infinity])
  }

  @Test func maximaKeepNaN() throws {
    #expect(try apply(Maximum(axes: [0]), [1, .nan, 3])[0].isNaN)
    #expect(try apply(Maximum(axes: [0]), [-.infinity, -.infinity]) == [-.infinity])
    let window = PoolingWindow(height: 1, width: 3, geometry: ConvolutionGeometry())
    #expect(
      try MaxPool2D(window: window)([Tensor(shape: [1, 1, 1, 3], scalars: [1, .nan, 3])]).scalars[0].isNaN)
    #expect(
      try MaxPool2D(window: window)([Tensor(shape: [1, 1, 1, 3], repeating: -.infinity)]).scalars == [-.infinity])
  }

  /// The maximum, and the selection that its derivatives share, agree on every arrangement of NaN and infinities.
  @Test func maximaAndTheirSelectionAgree() throws {
    let numbers: [Float] = [.nan, -.infinity, .infinity, 1, -2]
    var scalars: [Float] = []
    for a in numbers { for b in numbers { for c in numbers { for d in numbers { scalars += [a, b, c, d] } } } }
    let x = Tensor(shape: [625, 1, 2, 2], scalars: scalars)
    let window = PoolingWindow(height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2))
    let pooled = try MaxPool2D(window: window)([x])
    let selected = try MaxPool2DGather(window: window)([x, x])
    for (value, other) in zip(pooled.scalars, selected.scalars) {
      #expect(value == other || (value.isNaN && other.isNaN))
    }
    #expect(pooled.scalars.count { $0.isNaN } == 625 - 256)
  }

  /// A window wholly in the padding; PyTorch refuses such windows, other formats allow them.
  @Test func windowsInThePadding() throws {
    let window = PoolingWindow(
      height: 1, width: 1, geometry: ConvolutionGeometry(stride: (1, 1), padding: (0, 2, 0, 0)))
    let x = Tensor(shape: [1, 1, 1, 1], scalars: [5])
    #expect(try MaxPool2D(window: window)([x]).scalars == [-.infinity, -.infinity, 5])
    #expect(try AveragePool2D(window: window, includesPadding: false)([x]).scalars == [0, 0, 5])
    let ones = Tensor(shape: [1, 1, 1, 3], repeating: 1)
    #expect(try MaxPool2DScatter(window: window)([x, ones]).scalars == [1])
    #expect(try AveragePool2DGradient(pool: AveragePool2D(window: window), height: 1, width: 1)([ones]).scalars == [1])
  }
}
