"""Several processes that train one model: plain torch.distributed, which knows no RecBole.

`launch` reads what torchrun told this process, `group` lets the processes find each other, and
without them every function here gives back what it was given. A batch's rows are shared out by
`rows`; what a loss adds up over rows it adds up over all processes by `joint`, so that the loss is
that of the joint batch in each of them; `gradients` adds up what each owes to the weights.
"""
