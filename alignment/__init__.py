"""The domain: what the words of sales and marketing mean. Plain Python; imports nothing of ours."""
