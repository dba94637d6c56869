import Graph
import JSON
import Tensor

/// The one place that says how operators are told to the worker: by their names, with these attributes. What the worker computes for
/// each is the function of that name in `Resources/worker.py`.
enum DeviceOperators {
  /// - Parameter output: the shape that the operator's rule gives.
  /// - Returns: nil for an operator that the worker is not told of, such as the processor's fused ones.
  static func attributes(of operation: any Operator, output: Shape) -> [JSONMember]? {
    switch operation {
    case is AbsoluteValue, is Add, is ChannelMoments, is Cosine, is Divide, is Equal, is ErrorFunction, is Exponential,
      is Greater, is HyperbolicTangent, is Larger, is LogSoftmax, is Logarithm, is MatrixProduct, is Multiply,
      is Negate,
      is Power, is Select, is SiLU, is SiLUDerivative, is Sigmoid, is Sign, is Sine, is Softmax, is SquareRoot,
      is StopGradient, is Subtract:
      return []
    case let clip as Clip: return bounds(clip.lower, clip.upper, clip.includesBounds)
    case let inside as Inside: return bounds(inside.lower, inside.upper, inside.includesBounds)
    case let function as ElementaryFunction: return [JSONMember("function", .string(name(of: function.function)))]
    case let elu as ELU:
      return [
        JSONMember("alpha", .float(elu.alpha)), JSONMember("scale", .float(elu.scale)),
        JSONMember("rate", .float(elu.rate)),
      ]
    case let gate as Gate:
      return [
        JSONMember("slope", .float(gate.slope)), JSONMember("lower", .float(gate.lower)),
        JSONMember("upper", gate.upper.map { .float($0) } ?? .null),
      ]
    case let gelu as GELU: return [JSONMember("tanh", .bool(gelu.tanhApproximation))]
    case let gelu as GELUDerivative: return [JSONMember("tanh", .bool(gelu.tanhApproximation))]
    case let relu as ReLU: return [JSONMember("slope", .float(relu.slope))]
    case let remainder as Remainder: return [JSONMember("divisor", .bool(remainder.sign == .divisor))]
    case let rounding as Rounding: return [JSONMember("direction", .string(name(of: rounding.direction)))]
    case let standardise as Standardise: return [JSONMember("epsilon", .float(standardise.epsilon))]
    case let gradient as StandardiseGradient: return [JSONMember("epsilon", .float(gradient.epsilon))]
    case let softplus as Softplus: return [JSONMember("beta", .float(softplus.beta))]

    case let conv as Conv2D: return [geometry(conv.geometry)]
    case let conv as Conv2DInputGradient: return [geometry(conv.geometry)] + size(conv.height, conv.width)
    case let conv as Conv2DWeightGradient: return [geometry(conv.geometry)] + size(conv.height, conv.width)
    case let affine as ChannelAffine:
      return [JSONMember("has_mean", .bool(affine.hasMean)), JSONMember("has_shift", .bool(affine.hasShift))]
    case let pool as MaxPool2D: return [window(pool.window)] + extents(output)
    case let pool as MaxPool2DGather: return [window(pool.window)] + extents(output)
    case let pool as MaxPool2DScatter: return [window(pool.window)]
    case let pool as AveragePool2D: return averaging(pool) + extents(output)
    case let pool as AveragePool2DGradient: return averaging(pool.pool) + size(pool.height, pool.width)

    case let maximum as Maximum: return [JSONMember("axes", .integers(maximum.axes))]
    case let sum as Sum: return [JSONMember("axes", .integers(sum.axes))]

    case is Broadcast, is Reshape: return [JSONMember("shape", .integers(output.dimensions))]
    case let concatenate as Concatenate: return [JSONMember("axis", .integer(Int64(concatenate.axis)))]
    case let pad as Pad:
      return [
        JSONMember("low", .integers(pad.low)), JSONMember("high", .integers(pad.high)),
        JSONMember("interior", .integers(pad.interior)), JSONMember("value", .float(pad.value)),
      ]
    case let slice as Slice:
      return [
        JSONMember("starts", .integers(slice.starts)), JSONMember("counts", .integers(slice.counts)),
        JSONMember("steps", .integers(slice.steps)),
      ]
    case let take as Take: return self.take(take)
    case let transpose as TakeTranspose:
      return self.take(transpose.take) + [JSONMember("extent", .integer(Int64(transpose.extent)))]
    case let transpose as Transpose: return [JSONMember("permutation", .integers(transpose.permutation))]
    default: return nil
    }
  }

  private static func bounds(_ lower: Float, _ upper: Float, _ includesBounds: Bool) -> [JSONMember] {
    [
      JSONMember("lower", .float(lower)), JSONMember("upper", .float(upper)),
      JSONMember("includes_bounds", .bool(includesBounds)),
    ]
  }

  /// Of the function of PyTorch.
  private static func name(of function: ElementaryFunction.Function) -> String {
    switch function {
    case .arcSine: "asin"
    case .arcCosine: "acos"
    case .arcTangent: "atan"
    case .hyperbolicSine: "sinh"
    case .hyperbolicCosine: "cosh"
    case .areaSine: "asinh"
    case .areaCosine: "acosh"
    case .areaTangent: "atanh"
    }
  }

  private static func name(of direction: Rounding.Direction) -> String {
    switch direction {
    case .down: "floor"
    case .up: "ceil"
    case .towardZero: "trunc"
    case .nearest: "round"
    }
  }

  private static func geometry(_ geometry: ConvolutionGeometry) -> JSONMember {
    JSONMember(
      "geometry",
      .object([
        JSONMember("stride", .integers([geometry.strideHeight, geometry.strideWidth])),
        JSONMember("padding", .integers([geometry.top, geometry.left, geometry.bottom, geometry.right])),
        JSONMember("dilation", .integers([geometry.dilationHeight, geometry.dilationWidth])),
        JSONMember("groups", .integer(Int64(geometry.groups))),
      ]))
  }

  private static func window(_ window: PoolingWindow) -> JSONMember {
    JSONMember("window", .object(size(window.height, window.width) + [geometry(window.geometry)]))
  }

  private static func averaging(_ pool: AveragePool2D) -> [JSONMember] {
    [window(pool.window), JSONMember("includes_padding", .bool(pool.includesPadding))]
  }

  private static func size(_ height: Int, _ width: Int) -> [JSONMember] {
    [JSONMember("height", .integer(Int64(height))), JSONMember("width", .integer(Int64(width)))]
  }

  /// Of a pooled image: how many windows there are.
  private static func extents(_ output: Shape) -> [JSONMember] {
    [JSONMember("rows", .integer(Int64(output[2]))), JSONMember("columns", .integer(Int64(output[3])))]
  }

  private static func take(_ take: Take) -> [JSONMember] {
    [JSONMember("axis", .integer(Int64(take.axis))), JSONMember("indices", .integers(take.indices))]
  }
}
