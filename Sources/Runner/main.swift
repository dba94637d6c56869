print("pags-bench")
