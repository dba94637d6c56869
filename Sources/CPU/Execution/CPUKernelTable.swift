import Graph
import Tensor

/// The one place that says which kernel computes which operator.
struct CPUKernelTable: Sendable {
  private typealias Maker = @Sendable (any Operator, [Shape], Shape) -> (any CPUKernel)?

  private var makers: [ObjectIdentifier: Maker] = [:]

  /// The kernel of an operator, nil where there is none; views have none, for there is nothing to compute.
  /// - Parameter inputs, output: as the operator's shape rule accepts and gives them.
  static func kernel(_ operation: any Operator, inputs: [Shape], output: Shape) -> (any CPUKernel)? {
    shared.makers[ObjectIdentifier(type(of: operation))]?(operation, inputs, output)
  }

  private static let shared = CPUKernelTable()

  private init() {
    // Element by element.
    unary(AbsoluteValue.self)
    unary(Clip.self)
    unary(Cosine.self)
    unary(ElementaryFunction.self)
    unary(ELU.self)
    unary(ErrorFunction.self)
    unary(Exponential.self)
    unary(GELU.self)
    unary(GELUDerivative.self)
    unary(HyperbolicTangent.self)
    unary(Inside.self)
    unary(Logarithm.self)
    unary(Negate.self)
    unary(ReLU.self)
    unary(Rounding.self)
    unary(Sigmoid.self)
    unary(Sign.self)
    unary(SiLU.self)
    unary(SiLUDerivative.self)
    unary(Sine.self)
    unary(Softplus.self)
    unary(SquareRoot.self)
    binary(Add.self)
    binary(Divide.self)
    binary(Equal.self)
    binary(Gate.self)
    binary(Greater.self)
    binary(Larger.self)
    binary(Multiply.self)
    binary(Power.self)
    binary(Remainder.self)
    binary(Subtract.self)
    add(Select.self) { _, _, _ in SelectKernel() }

    // Layers.
    add(Conv2D.self) { ConvolutionKernel($0, inputs: $1, output: $2) }
    add(Conv2DInputGradient.self) { ConvolutionKernel($0, inputs: $1, output: $2) }
    add(Conv2DWeightGradient.self) {
      WeightGradientKernel($0, image: $1[0], weights: $2, output: $1[1])
    }
    add(MatrixProduct.self) { product, inputs, _ in MatrixProductKernel(product, inputs: inputs) }
    add(FusedLayer.self) {
      switch $0.layer {
      case .conv2d(let conv): ConvolutionKernel(conv, inputs: $1, output: $2, fused: $0)
      case .conv2dInputGradient(let conv): ConvolutionKernel(conv, inputs: $1, output: $2, fused: $0)
      case .matrixProduct(let product): MatrixProductKernel(product, inputs: $1, fused: $0)
      }
    }
    add(ChannelAffine.self) { FusedChannelsKernel($0.general, output: $2) }
    add(FusedChannels.self) { FusedChannelsKernel($0, output: $2) }
    add(FusedNormalisation.self) { fused, inputs, _ in FusedNormalisationKernel(fused, inputs: inputs) }
    add(ChannelMoments.self) { _, inputs, _ in ChannelMomentsKernel(input: inputs[0]) }
    add(AveragePool2D.self) { AveragePoolKernel($0, input: $1[0], output: $2) }
    add(AveragePool2DGradient.self) { AveragePoolGradientKernel($0, input: $2, output: $1[0]) }
    add(MaxPool2D.self) { MaxPoolKernel($0.window, input: $1[0], output: $2) }
    add(MaxPool2DGather.self) { MaxPoolGatherKernel($0.window, input: $1[0], output: $2) }
    add(MaxPool2DScatter.self) { operation, inputs, _ in
      MaxPoolScatterKernel(operation.window, input: inputs[0], output: inputs[1])
    }

    // Along axes.
    add(LogSoftmax.self) { _, _, _ in LogSoftmaxKernel() }
    add(Softmax.self) { _, _, _ in SoftmaxKernel() }
    add(Standardise.self) { operation, _, _ in StandardiseKernel(epsilon: operation.epsilon) }
    add(FusedStandardise.self) { operation, _, _ in StandardiseKernel(epsilon: operation.epsilon) }
    add(StandardiseGradient.self) { operation, _, _ in StandardiseGradientKernel(epsilon: operation.epsilon) }
    add(FusedStandardiseGradient.self) { operation, _, _ in StandardiseGradientKernel(epsilon: operation.epsilon) }
    add(Maximum.self) { operation, inputs, _ in MaximumKernel(axes: operation.axes, input: inputs[0]) }
    add(Sum.self) { operation, inputs, _ in SumKernel(axes: operation.axes, input: inputs[0]) }

    // Movement.
    add(Broadcast.self) { operation, inputs, _ in BroadcastKernel(input: inputs[0], shape: operation.shape) }
    add(Concatenate.self) {
      ConcatenateKernel(axis: $0.axis, inputCount: $1.count, output: $2)
    }
    add(Pad.self) { operation, _, _ in PadKernel(pad: operation) }
    add(Slice.self) { operation, inputs, _ in
      StridedReadKernel(input: inputs[0], starts: operation.starts, steps: operation.steps)
    }
    add(Transpose.self) { operation, inputs, _ in
      StridedReadKernel(input: inputs[0], permutation: operation.permutation)
    }
    add(Take.self) { operation, _, _ in TakeKernel(axis: operation.axis, indices: operation.indices) }
    add(TakeTranspose.self) { operation, _, _ in
      TakeTransposeKernel(axis: operation.take.axis, indices: operation.take.indices, extent: operation.extent)
    }
  }

  private mutating func add<Operation: Operator>(
    _: Operation.Type, _ make: @escaping @Sendable (Operation, [Shape], Shape) -> any CPUKernel
  ) {
    let maker: Maker = { operation, inputs, output in
      (operation as? Operation).map { make($0, inputs, output) }
    }
    precondition(
      makers.updateValue(maker, forKey: ObjectIdentifier(Operation.self)) == nil, "\(Operation.name) has two kernels")
  }

  private mutating func unary<Function: Operator & UnaryFunction>(_: Function.Type) {
    add(Function.self) { function, _, _ in UnaryKernel(function: function) }
  }

  private mutating func binary<Function: Operator & BinaryFunction>(_: Function.Type) {
    add(Function.self) { BinaryKernel($0, left: $1[0], right: $1[1], output: $2) }
  }
}
