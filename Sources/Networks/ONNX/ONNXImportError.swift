/// What keeps an ONNX graph from becoming a network.
package enum ONNXImportError: Error, Sendable, CustomStringConvertible {
  /// A node in its own words.
  package struct NodeName: Sendable, CustomStringConvertible {
    package let file: String
    package let name: String
    package let operation: String
    package let opset: Int

    package var description: String { "\(file): node `\(name)` (\(operation), opset \(opset))" }
  }

  case opset(file: String, opset: Int, supported: ClosedRange<Int>)
  case unknownOperator(NodeName, domain: String)
  case operatorVersion(NodeName, supported: ClosedRange<Int>)
  case missingValue(NodeName, value: String)
  case missingOutput(file: String, value: String)
  /// What the operator itself has to object.
  case node(NodeName, reason: String)
  case inputs(file: String, reason: String)
  case outputs(file: String, reason: String)
  case batch(file: String, declared: Int, reason: String)
  case nested(file: String, function: String, limit: Int)
  /// Every image by itself gives the same logits, and several together others.
  case normalisesOverBatch(file: String)
  /// The graph does it, and so does what was given.
  case normalisedTwice(file: String, graph: String, given: String)
  case architecture(file: String, name: String)
  case weights(file: String, tensor: String)
  case constant(file: String, tensor: String, shape: [Int])

  package var description: String {
    switch self {
    case .opset(let file, let opset, let supported):
      "\(file): uses opset \(opset), expected \(supported.lowerBound) to \(supported.upperBound); "
        + "convert it with onnx.version_converter, or export it again"
    case .unknownOperator(let node, _) where node.operation.hasPrefix("TreeEnsemble"):
      "\(node): trees are constant between their thresholds, so their input gradient is zero and there is nothing to "
        + "measure; choose a model with derivatives"
    case .unknownOperator(let node, let domain):
      "\(node): "
        + (domain.isEmpty || domain == ONNXOperators.machineLearningDomain
          ? "this operator is not known" : "operators of the domain `\(domain)` are not known")
        + "; docs/onnx-coverage.md lists those that are. Export the model without it, or serve it by a program "
        + "(docs/plugin-protocol.md)"
    case .operatorVersion(let node, let supported):
      "\(node): this operator is known in opsets \(supported.lowerBound) to \(supported.upperBound); "
        + "export the model for one of them"
    case .missingValue(let node, let value):
      "\(node): reads the value `\(value)`, which nothing before it makes; the file is damaged, or was "
        + "exported without its weights (export_params=False)"
    case .missingOutput(let file, let value):
      "\(file): the output `\(value)` is made by no node; the file is damaged"
    case .node(let node, let reason): "\(node): \(reason)"
    case .inputs(let file, let reason): "\(file): \(reason)"
    case .outputs(let file, let reason): "\(file): \(reason)"
    case .batch(let file, let declared, let reason):
      "\(file): the graph is made for batches of \(declared) and cannot be run on another number of images: \(reason); "
        + "export it with a batch of 1, or with a free batch axis (dynamic_axes)"
    case .nested(let file, let function, let limit):
      "\(file): the function `\(function)` is nested more than \(limit) deep, perhaps in itself"
    case .normalisesOverBatch(let file):
      "\(file): the graph mixes the images of a batch, and every image by itself gets the same logits, as where the "
        + "statistics of the batch are used as in training; export the model after model.eval()"
    case .normalisedTwice(let file, let graph, let given):
      "\(file): pixels would be normalised twice: the graph does it (\(graph)), and so does \(given); leave the latter out, "
        + "or export the model without its normalisation"
    case .architecture(let file, let name):
      "\(file): an ONNX file is its own architecture, --arch \(name) does not apply; leave it out"
    case .weights(let file, let tensor):
      "\(file): tensor `\(tensor)` holds NaN; the training diverged or the file is damaged"
    case .constant(let file, let tensor, let shape):
      "\(file): tensor `\(tensor)` has shape \(shape), expected extents whose product is below 2^31; the file is damaged"
    }
  }
}
