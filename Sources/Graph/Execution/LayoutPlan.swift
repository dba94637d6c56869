import Tensor

/// Decides for every value of a graph how it lies in memory, so that little is moved: values that operators bind together
/// are channels last where all of them can and more is saved than lost.
struct LayoutPlan {
  /// Of each value, another one that lies as it does, or itself.
  private var links: [Int]
  private var isChannelsLast: [Bool]

  func layout(of value: Graph.Value) -> ImageLayout { isChannelsLast[root(value.index)] ? .channelsLast : .planar }

  /// - Parameter outputs: what others read; like inputs and constants they are planar.
  init(_ graph: Graph, outputs: [Graph.Value]) {
    links = Array(graph.nodes.indices)
    isChannelsLast = [Bool](repeating: false, count: graph.nodes.count)
    var saved = [Int](repeating: 0, count: graph.nodes.count)
    var isPlanar = [Bool](repeating: false, count: graph.nodes.count)
    for output in outputs { isPlanar[output.index] = true }
    for value in graph.values {
      guard case .apply(let operation, let inputs) = graph[value].source else {
        isPlanar[value.index] = true
        continue
      }
      let shape = graph.shape(of: value)
      let support = operation.layoutSupport(inputs: inputs.map { graph.shape(of: $0) }, output: shape)
      if let output = support.output { saved[value.index] += output } else { isPlanar[value.index] = true }
      for (number, input) in inputs.enumerated() {
        if support.likeOutput.contains(number) {
          links[root(input.index)] = root(value.index)
        } else if number == 0, let source = support.source {
          saved[input.index] += source
        } else {
          isPlanar[input.index] = true
        }
      }
    }
    var total = [Int](repeating: 0, count: links.count)
    var excluded = [Bool](repeating: false, count: links.count)
    for index in links.indices {
      total[root(index)] += saved[index]
      if isPlanar[index] { excluded[root(index)] = true }
    }
    for index in links.indices { isChannelsLast[index] = total[index] > 0 && !excluded[index] }
  }

  private func root(_ index: Int) -> Int {
    var root = index
    while links[root] != root { root = links[root] }
    return root
  }
}
